import { expect, test } from 'vitest';
import { codeDefaults, codeMemory } from '../../models/codes.js';
import { Slab } from '../../state/slab.js';
import { chance } from '../chance.js';

const options = { ...codeDefaults, codes: 100, segments: 4096 };

function memoryOf() {
  const model = codeMemory(options);
  const slab = new Slab(model.layout);
  const own = slab.row(slab.add());
  model.start(own, 7);
  return { model, own, slab };
}

const among = Array.from({ length: 100 }, (_, code) => code);

test('codes are different sets of columns, the same for the same seed', () => {
  const [a, b] = [memoryOf(), memoryOf()];
  expect([...a.own.columns]).toEqual([...b.own.columns]);
  const sets = among.map((code) => new Set(a.own.columns.subarray(code * 41, (code + 1) * 41)));
  expect(sets.every((set) => set.size === 41)).toBe(true);
  const shared = [...sets[0]].filter((column) => sets[1].has(column));
  expect(shared.length).toBeLessThan(8);
  a.slab.free();
  b.slab.free();
});

test('knows a sequence from two showings, and what depends on its first code', () => {
  const { model, own, slab } = memoryOf();
  const random = chance(5);
  for (let i = 0; i < 40; i++) {
    const first = i % 2 === 0 ? 1 : 2;
    for (const code of [first, 3, 4, 5, first + 10, 20 + Math.floor(random() * 80)]) model.step(own, code);
  }
  for (const first of [1, 2]) {
    for (const code of [20, first, 3, 4, 5]) model.step(own, code, false);
    expect(model.next(own, among, 1)).toEqual([first + 10]);
  }
  slab.free();
});

test('the newer of two endings comes first', () => {
  const { model, own, slab } = memoryOf();
  for (let i = 0; i < 20; i++) for (const code of [1, 2, 3, 4, 20 + i]) model.step(own, code);
  for (const code of [1, 2, 3, 9, 50]) model.step(own, code);
  for (const code of [1, 2, 3]) model.step(own, code);
  expect(model.next(own, among, 2)).toEqual([9, 4]);
  slab.free();
});

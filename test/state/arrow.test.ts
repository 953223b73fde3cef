import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf, decode, encode, StateMismatch, savedRows, slabTable, tableOf } from '../../state/arrow.js';
import { Keys } from '../../state/keys.js';
import { f64 } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';
import { filled, owner, sampleLayout } from './samples.js';

const strange = ['', '__proto__', 'ключ', '\ufeffa', 'a', '😀', 'a\u0000', 'x'.repeat(70_000), ' '];

describe('slabTable', () => {
  test('columns are views of the live pages: nothing is copied but the keys', () => {
    const { slab, keys } = filled({ x: f64(2) }, ['a', 'b', 'c']);
    const table = slabTable(slab, keys, owner);
    slab.row(2).x[1] = 42;
    const parts = savedRows(table).columns[0]!.parts;
    expect(parts.at(-1)!.numbers.at(-1)).toBe(42);
    expect(parts.every(({ numbers }) => numbers.buffer === slab.row(0).x.buffer)).toBe(true);
  });

  test('keys of any text, free rows and the order of use come back', () => {
    const { slab, keys } = filled(sampleLayout, strange);
    keys.drop('a');
    keys.find('ключ');
    const rows = savedRows(decode(encode(slabTable(slab, keys, owner))));
    expect(rows.names).toEqual(strange.map((name) => (name === 'a' ? null : name)));
    expect(rows.order).toEqual([0, 1, 3, 5, 6, 7, 8, 2]);
    expect(rows.owner).toEqual(owner);
    expect(rows.columns.map(({ path, of, length }) => [path, of, length])).toEqual([
      ['mean', 'f64', 1],
      ['weights', 'f64', 3],
      ['seen', 'u32', 1],
      ['part.level', 'f32', 2],
      ['part.inner.sign', 'i32', 1],
      ['part.inner.codes', 'u8', 5],
    ]);
  });

  test('a slab without rows, or without fields, is a table too', () => {
    for (const layout of [{}, { x: f64() }]) {
      const empty = savedRows(decode(encode(slabTable(new Slab(layout), new Keys(), owner))));
      expect([empty.length, empty.columns.length, empty.order]).toEqual([0, Object.keys(layout).length, []]);
    }
    const { slab, keys } = filled({}, ['a', 'b']);
    expect(savedRows(decode(encode(slabTable(slab, keys, owner)))).names).toEqual(['a', 'b']);
  });

  test('the same state gives the same bytes, wherever its pages lie', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'grapheme' }), { maxLength: 300, size: 'max' }),
        fc.nat(),
        (names, seed) => {
          const [one, two] = [0, 1].map((padding) => {
            if (padding) new Slab({ x: f64(1000) }).add();
            const { slab, keys } = filled(sampleLayout, names, seed);
            return encode(slabTable(slab, keys, owner));
          });
          expect(Buffer.compare(one!, two!)).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a column may grow beyond one page: 5,000 rows come back in order', () => {
    const { slab, keys } = filled(
      { x: f64(9) },
      Array.from({ length: 5000 }, (_, i) => `key ${i}`),
    );
    for (let i = 0; i < 5000; i++) slab.row(i).x.fill(i);
    const [column] = savedRows(decode(encode(slabTable(slab, keys, owner)))).columns;
    expect(column!.parts.length).toBeGreaterThan(5);
    const all = column!.parts.flatMap(({ numbers }) => [...numbers]);
    expect(all).toEqual(Array.from({ length: 45_000 }, (_, i) => Math.floor(i / 9)));
  });
});

test('columns that are views of the same bytes are written once each', () => {
  const numbers = Uint32Array.from({ length: 300 }, (_, i) => i);
  const { one, two } = columnsOf(decode(encode(tableOf({ one: numbers, two: numbers }, {}))));
  expect(one).toEqual([...numbers]);
  expect(two).toEqual([...numbers]);
});

describe('savedRows refuses', () => {
  test('a table that is no state', () => {
    expect(() => savedRows(tableOf({ key: ['a'] }, {}))).toThrow(
      /expected a table of state, which names its stage, version and layout, found key: Utf8/,
    );
  });

  const metadata = { stage: 'x', version: '1', layout: 'y: u32[1]' };
  test.each([
    ['columns in another order', tableOf({ y: new Uint32Array([1]), key: ['a'] }, metadata), 'a first column key'],
    [
      'text for numbers',
      tableOf({ key: ['a'], rank: new Uint32Array([0]), y: ['no'] }, metadata),
      'column y: expected',
    ],
    ['a tie', tableOf({ key: ['a', 'b'], rank: new Uint32Array([3, 3]) }, metadata), 'a rank of its own'],
    ['a key twice', tableOf({ key: ['a', 'a'], rank: new Uint32Array([0, 1]) }, metadata), 'every key once'],
  ])('%s', (_, table, message) => {
    expect(() => savedRows(decode(encode(table)))).toThrow(StateMismatch);
    expect(() => savedRows(decode(encode(table)))).toThrow(message);
  });
});

test('manifest columns come back, also without rows', () => {
  const columns = {
    name: ['a', '\ufeffb'],
    size: BigInt64Array.of(1n, 2n ** 40n),
    sum: Uint32Array.of(0, 2 ** 32 - 1),
    x: [1.5, -2],
  };
  expect(columnsOf(decode(encode(tableOf(columns, { a: 'b' }))))).toEqual({
    name: ['a', '\ufeffb'],
    size: [1, 2 ** 40],
    sum: [0, 2 ** 32 - 1],
    x: [1.5, -2],
  });
  const none = { name: [], size: new BigInt64Array(0) };
  expect(columnsOf(decode(encode(tableOf(none, {}))))).toEqual({ name: [], size: [] });
});

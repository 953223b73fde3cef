import { expect, test } from 'vitest';
import { isAbnormal, regimeLayout, regimeRoom } from '../../../operators/evidence/regime.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

/** Three channels of which two go together; what is told of each row. */
function told(rows: number, change: (values: number[], i: number) => number[]): boolean[] {
  const z = normal(chance(11));
  const own = rowOf(regimeLayout(3));
  const room = regimeRoom(3);
  let common = 0;
  return Array.from({ length: rows }, (_, i) => {
    common = 0.95 * common + z();
    return isAbnormal(own, change([common + 0.2 * z(), common + 0.2 * z(), z()], i), 10_000, room);
  });
}
const share = (rows: readonly boolean[]) => rows.filter(Boolean).length / rows.length;

test('a normal stream is hardly ever abnormal', () => {
  expect(share(told(20_000, (values) => values))).toBeLessThan(0.02);
});

test('a correlation that breaks is abnormal while it lasts, and what stays becomes normal', () => {
  const broken = told(20_000, ([a, b, c], i) => (i >= 2000 && i < 2300 ? [a!, b! + 4, c!] : [a!, b!, c!]));
  expect(share(broken.slice(2020, 2300))).toBeGreaterThan(0.95);
  expect(share(broken.slice(2400))).toBeLessThan(0.02);
  const stays = told(20_000, ([a, b, c], i) => (i >= 2000 ? [a!, b! + 4, c!] : [a!, b!, c!]));
  expect(share(stays.slice(15_000))).toBeLessThan(0.05);
});

test('a missing channel is taken as unchanged', () => {
  const holed = told(3000, (values, i) => (i % 5 === 0 ? [values[0]!, Number.NaN, values[2]!] : values));
  expect(share(holed)).toBeLessThan(0.03);
});

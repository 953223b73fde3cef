import { expect, test } from 'vitest';
import { deviationOf, highestOf, lowestOf, meanOf, push, recentLayout } from '../../../operators/evidence/recent.js';
import { rowOf } from './row.js';

test('the last numbers are summed up, whatever went before, and unknown until there are enough', () => {
  const own = rowOf(recentLayout(5));
  for (const x of [1e9, -1e9, 3]) push(own, x);
  expect([meanOf(own, 5), lowestOf(own, 5), highestOf(own, 5), deviationOf(own, 5)]).toEqual(Array(4).fill(Number.NaN));
  for (const x of [5, 1, 4, 2]) push(own, x);
  expect([meanOf(own, 5), lowestOf(own, 5), highestOf(own, 5), deviationOf(own, 5)]).toEqual([3, 1, 5, Math.SQRT2]);
  expect([meanOf(own, 2), lowestOf(own, 2), highestOf(own, 2), deviationOf(own, 2)]).toEqual([3, 2, 4, 1]);
});

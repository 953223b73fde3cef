import { expect, test } from 'vitest';
import { longestSum, noteRun, runLayout, runRows } from '../../../operators/evidence/run.js';
import { rowOf } from './row.js';

const runs = (...excess: readonly number[]): readonly number[] => {
  const own = rowOf(runLayout(runRows));
  return excess.map((x) => noteRun(own, x));
};

test('a run begins at its first strange row, goes on over a usual one, and is none of rows long over', () => {
  expect(runs(-1, -1, 2, 1, -1, 2)).toEqual([-1, -1, 0, 1, -1, 3]);
  expect(runs(2, -1, -1, -1, 1)).toEqual([0, -1, -1, -1, 0]);
});

test('one wild row makes no run of usual rows behind it', () => {
  expect(runs(1e6, -1.3, -1.3, -1.3, -1.3, 1).at(-1)).toBe(0);
});

test('a run is at most as long as what is kept', () => {
  expect(runs(...Array(100).fill(1)).at(-1)).toBe(runRows - 1);
});

test('the longest sum is counted from the newest number on, and none is where all are below', () => {
  expect(longestSum(4, (back) => [1, -0.5, 3, -9][back] as number)).toBe(2);
  expect(longestSum(3, () => -1)).toBe(-1);
});

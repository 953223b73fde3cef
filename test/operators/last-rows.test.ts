import { expect, test } from 'vitest';
import { knownRows, lastRowsLayout, leastLikely, noteRow, rowBack, strongestOf } from '../../operators/last-rows.js';
import { rowOf } from './evidence/row.js';

const row = (i: number, tail: number[]) => ({
  ...{ key: 'k', timeMs: 1000 * i, offset: i, tail },
  values: tail.map((_, c) => 10 * i + c),
  expected: tail.map(() => 5),
  low: tail.map(() => 4),
  high: tail.map(() => 6),
});
const after = (tails: readonly number[][]) => {
  const own = rowOf(lastRowsLayout(32));
  tails.forEach((tail, i) => void noteRow(own, row(i, tail)));
  return own;
};

test('the last rows are known by their least likely channel', () => {
  const own = after([
    [0.5, 0.1],
    [Number.NaN, 0.9],
  ]);
  expect(rowBack(own, 0)).toMatchObject({
    timeMs: 1000,
    offset: 1,
    channel: 1,
    actual: 11,
    expected: 5,
    low: 4,
    high: 6,
  });
  expect(rowBack(own, 1)).toMatchObject({ offset: 0, channel: 1, actual: 1 });
  expect(knownRows(own, 10)).toBe(2);
  expect(leastLikely([Number.NaN, 0.4, 0.2])).toBe(2);
  expect(strongestOf(after([[Number.NaN], [Number.NaN]]), 2)).toEqual({ back: 0, alone: false });
  const short = rowOf(lastRowsLayout(2));
  for (let i = 0; i < 5; i++) noteRow(short, row(i, [0.5]));
  expect([knownRows(short, 9), rowBack(short, 1).offset]).toEqual([2, 3]);
});

test('of quiet rows none is alone what is strange', () => {
  expect(strongestOf(after(Array.from({ length: 20 }, () => [0.95])), 20)).toEqual({ back: 0, alone: false });
});

test('the strongest of them is the least likely, and alone where the others are as usual', () => {
  const usual = Array.from({ length: 9 }, () => [0.4]);
  expect(strongestOf(after([...usual, [1e-6], [0.5], [0.5]]), 10)).toEqual({ back: 2, alone: true });
  expect(strongestOf(after([...usual, [1e-6], [0.5], [0.5]]), 1)).toEqual({ back: 0, alone: true });
  expect(strongestOf(after(Array.from({ length: 10 }, (_, i) => [i === 4 ? 0.01 : 0.03])), 10)).toEqual({
    ...{ back: 5, alone: false },
  });
});

import { expect, test } from 'vitest';
import { lastRowsLayout, noteRow } from '../../operators/last-rows.js';
import {
  inWords,
  keptIn,
  keptOf,
  noteQuantity,
  ofLastRows,
  quantityLayout,
  quantityOf,
} from '../../operators/quantity.js';
import { rowOf } from './evidence/row.js';

const range = (actual: number, low: number, high: number) => ({ actual, low, high });
const said = (kind: Parameters<typeof keptOf>[0], actual: number, low: number, high: number) => {
  const kept = keptOf(kind, range(actual, low, high));
  return kept && inWords(quantityOf(kept));
};

test('numbers of reasons are told in units that people have', () => {
  expect(said('level', 8800, 7900, 8650)).toBe('the mean of 20 rows is 8800 where 7900 to 8650 is usual');
  expect(said('spread', Math.log(2), Math.log(0.5), 0)).toBe(
    'the standard deviation of 100 rows is 2 where 0.5 to 1 is usual',
  );
  expect(said('missing values', 0.6, 0, 0.1)).toBe(
    'the share of values missing in 20 rows is 60 % where 0 to 10 is usual',
  );
  expect(said('forecast bias', 0.9, -0.4, 0.4)).toBe(
    'the share of 100 rows above their forecast is 95 % where 30 to 70 is usual',
  );
  expect(said('pace', Math.log(30_001), Math.log(900_001), Math.log(910_001))).toBe(
    'the time between rows, mean of 10 is 30 s where 900 to 910 is usual',
  );
  expect(said('relation', 2.5, 0, 1.7)).toBe(
    'the part of 10 rows that the other channels do not explain is 2.5 usual sizes where 1 is usual',
  );
});

test('a value alone, and what was not measured, have none: the row says it', () => {
  expect(said('value', 9, 1, 2)).toBeUndefined();
  expect(keptOf('level', undefined)).toBeUndefined();
});

test('of rows that only together are strange the mean is told where most lie on one side, else how far they lie', () => {
  const after = (actuals: readonly number[], channel = 0) => {
    const own = rowOf(lastRowsLayout(32));
    actuals.forEach((actual, i) => {
      const cells = { values: [0, 0], expected: [100, 100], low: [90, 90], high: [110, 110] };
      cells.values[channel] = actual;
      noteRow(own, { key: 'k', timeMs: i, offset: i, ...cells, tail: channel === 0 ? [0.1, 0.5] : [0.5, 0.1] });
    });
    return own;
  };
  const mean = ofLastRows(after([104, 106, 105, 105]), 4, 0);
  expect(mean).toEqual({ kind: 'mean', rows: 4, actual: 105, expected: 100, low: 95, high: 105 });
  expect(inWords(quantityOf(mean as NonNullable<typeof mean>))).toBe(
    'the mean of 4 rows is 105 where 100 (95 to 105) is usual',
  );
  const distance = ofLastRows(after([94, 106, 93, 107]), 4, 0);
  expect(distance).toMatchObject({ kind: 'distance', rows: 4, actual: 6.5 });
  expect(distance?.expected).toBeCloseTo((10 / 2.326) * 0.798, 9);
  expect(quantityOf(distance as NonNullable<typeof distance>)).not.toHaveProperty('low');
  // Of a channel that most rows are not about nothing is said.
  expect(ofLastRows(after([104, 106, 105, 105], 1), 4, 0)).toBeUndefined();
});

test('what is kept of one is what was noted, and none is none', () => {
  const own = rowOf(quantityLayout);
  expect(keptIn(own)).toBeUndefined();
  const kept = { kind: 'level' as const, rows: 20, actual: 7, expected: Number.NaN, low: 1, high: 6 };
  noteQuantity(own, kept);
  expect(keptIn(own)).toEqual(kept);
  noteQuantity(own, undefined);
  expect(keptIn(own)).toBeUndefined();
});

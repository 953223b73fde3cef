import { describe, expect, test } from 'vitest';
import {
  append,
  holds,
  periodRowsMax,
  ringRows,
  samePhase,
  seenAt,
  seriesLayout,
  takePeriods,
  valueAt,
} from '../../models/series.js';
import { Slab } from '../../state/slab.js';

const series = (capacity = 64) => {
  const slab = new Slab(seriesLayout(capacity));
  return slab.row(slab.add());
};

describe('series', () => {
  test('rows before the first value do not count; gaps take the last value', () => {
    const own = series();
    for (const value of [Number.NaN, Number.NaN, 4, Number.NaN, 6]) append(own, value, 2);
    expect(own.rows[0]).toBe(3);
    expect([0, 1, 2].map((row) => valueAt(own, row))).toEqual([4, 4, 6]);
    expect([0, 1, 2].map((row) => seenAt(own, row))).toEqual([true, false, true]);
    expect(own.low[0]).toBe(4);
    expect(own.scale[0]).toBe(2);
  });

  test('gaps take the value one period ago where a period is known, at the edge of the ring too', () => {
    for (const period of [3, 64]) {
      const own = series();
      takePeriods(own, [period]);
      for (let t = 0; t < 70; t++) append(own, t, 1);
      append(own, Number.NaN, 1);
      expect(valueAt(own, 70)).toBe(70 - period);
    }
  });

  test('what is no usable number is a gap', () => {
    const own = series();
    for (const value of [1, Number.POSITIVE_INFINITY, -1.1e18, Number.NaN]) append(own, value, 1);
    expect([1, 2, 3].map((row) => valueAt(own, row))).toEqual([1, 1, 1]);
    expect([1, 2, 3].map((row) => seenAt(own, row))).toEqual([false, false, false]);
  });

  test('the ring holds the last rows, newest above', () => {
    const own = series();
    for (let t = 0; t < 100; t++) append(own, t, 1);
    expect(holds(own, 99)).toBe(true);
    expect(holds(own, 100)).toBe(false);
    expect(holds(own, 36)).toBe(true);
    expect(holds(own, 35)).toBe(false);
    for (let row = 36; row < 100; row++) expect(valueAt(own, row)).toBe(row);
  });

  test('takes the first two usable periods in ascending order and tells of changes', () => {
    const own = series();
    expect(takePeriods(own, [])).toBe(false);
    expect(takePeriods(own, [0, 1, periodRowsMax + 1])).toBe(false);
    expect(takePeriods(own, [336, 0, 336, 48, 7])).toBe(true);
    expect([...own.periods]).toEqual([48, 336]);
    expect(takePeriods(own, [48, 336])).toBe(false);
    expect(takePeriods(own, [48])).toBe(true);
    expect([...own.periods]).toEqual([48, 0]);
    expect(takePeriods(own, [Number.NaN])).toBe(true);
  });

  test('the same phase lies whole periods back, at or before now', () => {
    expect(samePhase(15, 10, 12)).toBe(5);
    expect(samePhase(22, 10, 12)).toBe(12);
    expect(samePhase(23, 10, 12)).toBe(3);
    expect(samePhase(12, 10, 12)).toBe(2);
  });

  test('rings are powers of two with room for the horizon', () => {
    expect(ringRows(1, { channels: 1, horizons: [1] })).toBe(64);
    expect(ringRows(2304, { channels: 1, horizons: [1, 48] })).toBe(4096);
    expect(ringRows(4000, { channels: 1, horizons: [1, 96] })).toBe(8192);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Point, Thin } from '../../../cli/report/thin.js';

const point = (timeMs: number, actual: number): Point => ({
  timeMs,
  actual,
  expected: actual,
  low98: actual,
  low80: actual,
  high80: actual,
  high98: actual,
});

function thinned(values: readonly number[], limit: number, near?: (point: Point) => boolean): Point[] {
  const thin = new Thin(limit, near);
  values.forEach((value, i) => {
    thin.add(point(i, value));
  });
  expect(thin.rows).toBe(values.length);
  return thin.points();
}

describe('thin', () => {
  test('leaves nothing out of what fits', () => {
    const values = Array.from({ length: 99 }, (_, i) => (i * 37) % 17);
    expect(thinned(values, 100).map(({ actual }) => actual)).toEqual(values);
  });
  test('keeps the extremes, the order and the limit, whatever comes', () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.constant(Number.NaN)), {
          minLength: 1,
          maxLength: 2000,
        }),
        fc.integer({ min: 8, max: 200 }),
        (values, limit) => {
          const kept = thinned(values, limit);
          expect(kept.length).toBeLessThanOrEqual(limit);
          const times = kept.map(({ timeMs }) => timeMs);
          expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
          const known = values.filter((value) => !Number.isNaN(value));
          const shown = kept.map(({ actual }) => actual).filter((value) => !Number.isNaN(value));
          if (known.length > 0) {
            expect(Math.min(...shown)).toBe(Math.min(...known));
            expect(Math.max(...shown)).toBe(Math.max(...known));
          }
          expect(kept.every(({ timeMs, actual }) => Object.is(actual, values[timeMs]))).toBe(true);
        },
      ),
      { numRuns: 100 },
    ));
  test('keeps every row that is near something', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => Math.sin(i));
    const kept = thinned(values, 400, ({ timeMs }) => timeMs >= 5000 && timeMs < 5100);
    expect(kept.filter(({ timeMs }) => timeMs >= 5000 && timeMs < 5100)).toHaveLength(100);
    expect(kept.length).toBeLessThanOrEqual(600);
  });
  test('gives up room when it must', () => {
    const thin = new Thin(1000);
    for (let i = 0; i < 900; i++) thin.add(point(i, Math.sin(i)));
    thin.shrink(100);
    expect(thin.points().length).toBeLessThanOrEqual(100);
    for (let i = 900; i < 5000; i++) thin.add(point(i, Math.sin(i)));
    expect(thin.points().length).toBeLessThanOrEqual(100);
    expect(thin.rows).toBe(5000);
  });
});

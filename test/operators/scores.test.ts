import { describe, expect, test } from 'vitest';
import { numbers, quantileAt, scoresOf } from '../../operators/scores.js';

const levels = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
/** Standard normal quantiles of `levels`. */
const quantiles = Float64Array.of(Number.NaN, -2.3263479, -1.2815516, -0.6744898, 0, 0.6744898, 1.2815516, 2.3263479);

describe('scores', () => {
  test('a level that was forecast is read off, others are unknown', () => {
    expect(quantileAt(levels, quantiles, 1, 0.1)).toBe(-1.2815516);
    expect(quantileAt(levels, quantiles, 1, 0.99)).toBe(2.3263479);
    expect(quantileAt(levels, quantiles, 1, 0.05)).toBeNaN();
    expect(quantileAt(levels, quantiles, 1, 0.2)).toBeNaN();
    expect(quantileAt([0.1, 0.5, 0.9], quantiles, 1, 0.05)).toBeNaN();
  });

  test('state of another step is refused', () => {
    expect(() => scoresOf({})).toThrow(/expected the saved state of an evaluate step, found no table "shared"/);
  });

  test('state of another step is refused by the column it lacks', () =>
    expect(() => numbers({ getChild: () => null } as never, 'row')).toThrow(
      'scoresOf: expected the saved state of an evaluate step, found no column row',
    ));
});

import { describe, expect, test } from 'vitest';
import type { Forecast } from '../../event.js';
import { type Contestant, contestLayouts, contestOf } from '../../operators/contest.js';
import { Slab } from '../../state/slab.js';
import { events } from './harness.js';

const levels = [0.1, 0.5, 0.9];
const plan = { channels: 1, horizons: [1, 2], at: [0, 1], forecastHorizons: 2, levels };

/** Forecasts whose quantiles lie so far around a middle, at both horizons. */
const forecast = (middle: number, width: number): Forecast => ({
  horizons: [1, 2],
  levels,
  mean: Float64Array.of(middle, middle),
  quantiles: Float64Array.of(middle - width, middle, middle + width, middle - width, middle, middle + width),
});

describe('a contest', () => {
  const layouts = contestLayouts(plan);
  const open = () => {
    const [totals, own] = [new Slab(layouts.shared), new Slab(layouts.keyed)];
    return { totals: totals.row(totals.add()), own: own.row(own.add()) };
  };
  const contest = contestOf(plan);

  test('scores each forecast h rows later, by hand', () => {
    const { totals, own } = open();
    contest.forget(own);
    const rows = events([1, 1, 4]);
    for (const row of rows) {
      const sharp: Contestant = { ...row, alarm: false, forecast: forecast(2, 0) };
      const wide: Contestant = { ...row, alarm: false, forecast: forecast(2, 1) };
      contest.see(totals, own, row, 0, [sharp, wide]);
    }
    // One row ahead: values 1 and 4 against 2; two rows ahead: 4 against 2. A point's score is its absolute error.
    expect([...totals.scored]).toEqual([2, 1]);
    expect(totals.crps[0]).toBeCloseTo(1 + 2, 12);
    expect(totals.crps[1]).toBeCloseTo(2, 12);
    expect(totals.crps[2]).toBeLessThan(totals.crps[0]);
    // Values 1 and 4 against 1, 2, 3: the lowest quantile is not above 1, the highest not below 4.
    expect([...totals.below.slice(6, 9)]).toEqual([0, 1, 1]);
  });

  test('scores nothing where one of the two was silent, or a row was put in or is missing', () => {
    const { totals, own } = open();
    contest.forget(own);
    const rows = events([1, 2, Number.NaN, 3, 4]).map((row, i) => (i === 3 ? { ...row, filled: true } : row));
    rows.forEach((row, i) => {
      const said: Contestant = { ...row, alarm: false, forecast: forecast(2, 1) };
      contest.see(totals, own, row, 0, [said, i === 0 ? undefined : said]);
    });
    // Row 1 was not forecast by both, row 2 has no value, row 3 was put in, and what was said at it was never given:
    // only what row 2 said of row 4 is left.
    expect([...totals.scored]).toEqual([0, 1]);
  });
});

import { describe, expect, test } from 'vitest';
import { valueAt } from '../../models/series.js';
import { type Part, trackRecord, univariate } from '../../models/univariate.js';
import { f64 } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';
import { Bench } from './lab.js';

/** Forecasts the sum of all rows seen since it was started, and counts its starts. */
function adder(seasonal: boolean) {
  const layout = { sum: f64(), starts: f64(), period: f64() };
  return {
    layout,
    outputs: 2,
    seasonal,
    start(own, series) {
      own.starts[0]++;
      own.period[0] = series.periods[0];
    },
    step(own, series, t, out, at, stride) {
      own.sum[0] += valueAt(series, t);
      out[at] = own.sum[0];
      out[at + stride] = Number.NaN;
    },
  } satisfies Part<typeof layout>;
}

const options = { channels: 1, horizons: [1] };
const scale = [1];

describe('univariate', () => {
  test('a seasonal part starts anew from the rows still held, others go on', () => {
    for (const seasonal of [true, false]) {
      const bench = new Bench(univariate('adder', 1, options, 64, adder(seasonal)));
      for (let t = 0; t < 100; t++) bench.step([1], { scale, periods: [] });
      const sum = bench.step([1], { scale, periods: [7] }).mean[0];
      expect(sum).toBe(seasonal ? 64 : 101);
      expect(bench.step([1], { scale, periods: [7] }).mean[0]).toBe(sum + 1);
      bench.close();
    }
  });

  test('a forecast that is no number becomes the last value', () => {
    const broken: Part = { ...adder(false), step: (_, __, ___, out, at) => void out.fill(Number.NaN, at, at + 1) };
    const bench = new Bench(univariate('broken', 1, options, 64, broken));
    expect([...bench.step([5], { scale, periods: [] }).mean]).toEqual([5]);
  });

  test('before the first value there is no opinion', () => {
    const bench = new Bench(univariate('adder', 1, options, 64, adder(false)));
    const { mean, spread, surprise } = bench.step([Number.NaN], { scale, periods: [] });
    expect([mean[0], spread[0], surprise]).toEqual([Number.NaN, Number.NaN, 0]);
  });
});

describe('track record', () => {
  test('scores each forecast in the row it was made for', () => {
    const record = trackRecord([1, 3]);
    const slab = new Slab(record.layout);
    const own = slab.row(slab.add());
    const forecasts = new Float64Array(2);
    for (let t = 0; t < 50; t++) {
      // The next row is forecast perfectly, the third with an error of 2.
      const surprise = record.score(own, t, t * t, 1);
      if (t > 1) expect(surprise).toBeLessThan(0);
      forecasts.set([(t + 1) ** 2, (t + 3) ** 2 + 2]);
      record.keep(own, t, forecasts, 0);
    }
    expect(record.spread(own, 0, 1)).toBe(0);
    expect(record.spread(own, 1, 1)).toBeCloseTo(2, 12);
    expect(own.labels[0]).toBe(49);
    expect(own.labels[1]).toBe(47);
  });

  test('a surprise is the negative log of a Laplace density in units of the scale', () => {
    const record = trackRecord([1]);
    const slab = new Slab(record.layout);
    const own = slab.row(slab.add());
    const zero = new Float64Array(1);
    for (let t = 0; t < 200; t++) {
      record.score(own, t, t % 2 === 0 ? 6 : -6, 4);
      record.keep(own, t, zero, 0);
    }
    expect(record.score(own, 200, 30, 4)).toBeCloseTo(30 / 6 + Math.log((2 * 6) / 4), 9);
  });
});

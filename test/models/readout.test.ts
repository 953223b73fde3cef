import { describe, expect, test } from 'vitest';
import { type Features, readout } from '../../models/readout.js';
import { lagFeatures } from '../../models/rls.js';
import { valueAt } from '../../models/series.js';
import { univariate } from '../../models/univariate.js';
import { f64 } from '../../state/layout.js';
import { Bench, errors, noise } from './lab.js';

const options = { channels: 1, horizons: [1, 3], forget: 1 };

/** Weights that minimise the squares of y - w x plus those of w, by Gauss's elimination. */
function ridge(rows: readonly (readonly number[])[], labels: readonly number[]): number[] {
  const n = rows[0].length;
  const a = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n + 1 }, (_, j) => {
      const sum = rows.reduce((total, x, t) => total + x[i] * (j < n ? x[j] : labels[t]), 0);
      return sum + (i === j ? 1 : 0);
    }),
  );
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const share = a[k][i] / a[i][i];
      for (let j = i; j <= n; j++) a[k][j] -= share * a[i][j];
    }
  }
  return a.map((row, i) => row[n] / row[i]);
}

describe('a readout', () => {
  test('is the ridge regression of the labels that have come, at every horizon', () => {
    const part = readout(lagFeatures(4), options);
    const bench = new Bench(univariate('r', 1, options, 64, part));
    const y = noise(200, 3).map((u, t) => Math.sin(t / 3) + 0.3 * u);
    let said: Float64Array = new Float64Array(2);
    for (const value of y) said = bench.step([value], { scale: [1], periods: [] }).mean;
    bench.close();
    const phi = (t: number) => [...[1, 2, 3, 4].map((j) => y[t - j] - y[t]), 0.1];
    const last = y.length - 1;
    options.horizons.forEach((h, i) => {
      // Features are read from the fifth row on.
      const origins = Array.from({ length: last - h - 3 }, (_, k) => k + 4);
      const weights = ridge(
        origins.map(phi),
        origins.map((t) => y[t + h] - y[t]),
      );
      const forecast = y[last] + phi(last).reduce((sum, x, j) => sum + x * weights[j], 0);
      expect(said[i]).toBeCloseTo(forecast, 9);
    });
  });

  test('measures from where its features say, and tells them what was said', () => {
    const layout = { heard: f64() };
    const features: Features<typeof layout> = {
      layout,
      size: 1,
      warmRows: 0,
      seasonal: false,
      start() {},
      used: () => 1,
      advance() {},
      write(own, _, __, unit, x, at) {
        x[at] = 0.1 * unit + 0 * own.heard[0];
      },
      from: (series, t, ahead) => (t + ahead >= 4 ? valueAt(series, t + ahead - 4) : 0),
      told(own, t, out, at) {
        own.heard[0] = t + out[at];
      },
    };
    const part = readout(features, { channels: 1, horizons: [1], forget: 1 });
    const bench = new Bench(univariate('four', 1, { channels: 1, horizons: [1] }, 64, part));
    const own = bench.own.row(0) as unknown as { c0: { part: { features: { heard: Float64Array } } } };
    for (let t = 0; t < 40; t++) {
      const { mean } = bench.step([t % 4], { scale: [1], periods: [] });
      if (t > 8) expect(Math.abs(mean[0] - ((t + 1) % 4))).toBeLessThan(0.1);
      expect(own.c0.part.features.heard[0]).toBeCloseTo(t + mean[0], 12);
    }
    bench.close();
  });

  test('begins anew when values get an altogether different size', () => {
    const part = readout(lagFeatures(4), { ...options, forget: 0.999 });
    const model = univariate('r', 1, options, 64, part);
    const y = noise(1200, 5).map((u, t) => (t < 600 ? 1 : 1e6) * (Math.sin(t / 3) + 0.1 * u));
    const rows = y.map((value) => [value]);
    const hints = (t: number) => ({ scale: [t < 600 ? 1 : 2 ** 20], periods: [] });
    expect(errors(model, rows, hints, 900)[0]).toBeLessThan(0.12e6);
  });
});

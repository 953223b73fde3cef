import { expect, test } from 'vitest';
import { fixedSeason, fixedSeasonReference } from '../../evaluation/fixed-season.js';
import { ForecastScore } from '../../evaluation/forecast-score.js';
import { follow, type Stream } from '../../evaluation/stream.js';
import { noise } from '../models/lab.js';

const period = 12;
const streamFrom = (values: readonly number[], horizons: readonly number[]): Stream => ({
  name: 'made up',
  channels: ['value'],
  horizons,
  rows: values.map((value, t) => ({ key: 'k', timeMs: t * 60_000, values: [value] })),
  keyCount: 1,
});

test('says the value at the last known same phase, beyond one period too, and the last value before there is one', () => {
  const values = noise(200, 3);
  const horizons = [5, 12, 20];
  let seen = 0;
  follow(streamFrom(values, horizons), fixedSeason(period), (t, { mean }) => {
    horizons.forEach((h, i) => {
      const from = t + h - period * Math.ceil(h / period);
      expect(mean[i]).toBe(values[from < 0 ? t : from]);
      seen++;
    });
  });
  expect(seen).toBe(600);
});

test('its bands keep their promise, and their CRPS is that of the noise', () => {
  // What is a period ago differs by two noises of the same size: uniform each, so triangular between -0.4 and 0.4.
  const values = noise(6000, 4).map((u, t) => Math.sin((2 * Math.PI * t) / period) + 0.2 * u);
  const stream = streamFrom(values, [1, 5]);
  const span = { steps: [1, 5], from: 1000, to: 5990 };
  const scorer = () => {
    const score = new ForecastScore(stream, [span]);
    return {
      see: (_: Stream, row: number, step: Parameters<ForecastScore['see']>[1]) => score.see(row, step),
      metrics: () => ({ mae: score.errors[0].mae, ...score.distribution.metrics }),
    };
  };
  const { name, metrics, expected } = fixedSeasonReference({ streams: [stream], scorer }, 'one hour ago', period);
  expect([name, expected]).toEqual(['one hour ago', {}]);
  expect(metrics.mae).toBeCloseTo(0.4 / 3, 2);
  expect(Math.abs(metrics.coverage_80 - 0.8)).toBeLessThan(0.02);
  expect(Math.abs(metrics.coverage_98 - 0.98)).toBeLessThan(0.01);
  // Half of E|X - X'|, which of a triangular density on +-0.4 is 0.4 * 7 / 15.
  expect(Math.abs(metrics.crps - (0.4 * 7) / 30)).toBeLessThan(0.002);
});

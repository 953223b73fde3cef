import { describe, expect, test } from 'vitest';
import { runBenchmark } from '../../evaluation/benchmark.js';
import { syntheticHorizons, syntheticKinds } from '../../evaluation/data/synthetic.js';
import { forecasterOf } from '../../evaluation/forecaster.js';
import { prepareSynthetic } from '../../evaluation/protocols/synthetic.js';

/** Correlation of two lists, and what chance allows it to be: four deviations. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}

describe.each(syntheticKinds)('$name', (kind) => {
  const rows = 20_000;
  const { values, best, nll } = kind.make(rows, 1);
  const scored = Array.from({ length: rows - 1000 }, (_, i) => i + 1000);

  test.each(kind.horizons.map((h) => [h]))(
    'nothing of the past tells the error of the best forecast, %i ahead',
    (h) => {
      const i = syntheticHorizons.indexOf(h as 1 | 5);
      const error = scored.map((t) => values[t] - best[i][t]);
      const pasts: Record<string, (t: number) => number> = {
        'the forecast itself': (t) => best[i][t],
        'the last value': (t) => values[t - h],
        'the one before': (t) => values[t - h - 1],
        'its square': (t) => values[t - h] ** 2,
        'the last error': (t) => values[t - h] - best[i][t - h],
      };
      for (const [name, past] of Object.entries(pasts)) {
        // Errors of five rows overlap, and those of heavy noise are not normal: room is left for both.
        const room = (4 * Math.sqrt(2 * h)) / Math.sqrt(scored.length);
        const found = correlation(error, scored.map(past));
        expect(Math.abs(Number.isNaN(found) ? 0 : found), name).toBeLessThan(room);
      }
    },
  );

  test('its density is one: the mean of 1/density over a grid of values is the width of the grid', () => {
    // Of a true density p, E[1/p] over the values that can come is the length of where they can come.
    const mean = scored.reduce((sum, t) => sum + nll[t], 0) / scored.length;
    const errors = scored.map((t) => values[t] - best[0][t]);
    const deviation = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
    // No density with that deviation can be worse on average than the normal one.
    expect(mean).toBeLessThan(0.5 * Math.log(2 * Math.PI * Math.E * deviation * deviation) + 0.02);
    expect(mean).toBeGreaterThan(-4);
  });

  test('a seed is a stream', () => {
    expect(kind.make(300, 2).values).toEqual(kind.make(300, 2).values);
    expect(kind.make(300, 2).values).not.toEqual(kind.make(300, 3).values);
    expect(kind.make(300, 1).values).toEqual(values.slice(0, 300));
  });
});

test('known densities have the entropy they must have', () => {
  const entropy = (name: string): number => {
    const { nll } = syntheticKinds.find((kind) => kind.name === name)!.make(20_000, 4);
    return nll.slice(1000).reduce((sum, x) => sum + x, 0) / 19_000;
  };
  const normal = (deviation: number) => 0.5 * Math.log(2 * Math.PI * Math.E * deviation * deviation);
  expect(entropy('ar')).toBeCloseTo(normal(1), 1);
  expect(entropy('season')).toBeCloseTo(normal(0.5), 1);
  expect(entropy('copy')).toBeCloseTo(normal(Math.sqrt(1 - 0.95 ** 2)), 1);
  expect(entropy('chaos')).toBeCloseTo(Math.log(0.06), 9);
  // Two normal ones ten deviations apart: ln 2 more than one of them.
  expect(entropy('forked')).toBeCloseTo(normal(0.2) + Math.LN2, 1);
});

test('memories are where they were', () => {
  const prepared = prepareSynthetic(700, 400, 1);
  const of = (memory: 'rls' | 'linear') => runBenchmark(prepared, forecasterOf({ memory, alarms: false }));
  const [rls, linear] = [of('rls'), of('linear')];
  expect(rls.ar_rmse).toBeCloseTo(1.0757069864, 6);
  expect(linear.season_rmse).toBeCloseTo(1.571350579, 6);
  expect(linear.copy_rmse_5).toBeCloseTo(2.2273814497, 6);
  expect(rls.chaos_nll).toBeCloseTo(2.777463748, 6);
});

import { expect, test } from 'vitest';
import { runBenchmark } from '../../evaluation/benchmark.js';
import { gaps, injectedSeries, injectionKinds } from '../../evaluation/data/injected.js';
import { forecasterOf } from '../../evaluation/forecaster.js';
import { injected, prepareInjected } from '../../evaluation/protocols/injected.js';

test('an injected series is the same for a seed, and wrong only in its window', () => {
  for (const kind of injectionKinds) {
    const series = injectedSeries(kind, 2, 3);
    expect(injectedSeries(kind, 2, 3)).toEqual(series);
    const [[first, last]] = series.windows as [[number, number]];
    expect(first).toBeGreaterThanOrEqual(2000);
    expect(last).toBeLessThan(series.rows.length);
    const missing = series.rows.flatMap(({ values }, row) => (values.every(Number.isFinite) ? [] : [row]));
    expect(missing.every((row) => row >= first && row <= last)).toBe(true);
  }
});

test('with a gap it is wrong twice, in the strongest form first', () => {
  for (const gap of gaps) {
    const { windows, rows, name } = injectedSeries('spike', 1, 3, gap);
    const [[first], [second]] = windows as [[number, number], [number, number]];
    expect(second - first).toBe(gap);
    const once = injectedSeries('spike', 1, 3).rows;
    const differs = rows.flatMap(({ values }, row) => (values[0] === once[row]?.values[0] ? [] : [row]));
    expect(differs).toEqual([first]);
    expect((rows[first]?.values[0] as number) - (once[first]?.values[0] as number)).toBeCloseTo(20, 9);
    expect(name).toBe(`spike-again_${gap}-medium-3`);
  }
});

test('what comes again is found after it came in a stronger form', () => {
  const metrics = runBenchmark(prepareInjected(['variance', 'level_shift'], 4), forecasterOf({ memory: 'last-value' }));
  expect(metrics.variance_again_1000).toBe(1);
  expect(metrics.again_1000).toBeGreaterThan(0.7);
  expect(injected.columns).toEqual(expect.arrayContaining(Object.keys(metrics)));
});

test('strong spikes and shifts are found at once', () => {
  const metrics = runBenchmark(prepareInjected(['spike', 'level_shift'], 2), forecasterOf({ memory: 'last-value' }));
  expect([metrics.spike_strong, metrics.level_shift_strong]).toEqual([1, 1]);
  expect(metrics.spike_strong_delay).toBe(0);
  expect(injected.columns).toEqual(expect.arrayContaining(Object.keys(metrics)));
});

test('a gap is told while it lasts, and nothing else is', () => {
  const metrics = runBenchmark(prepareInjected(['silence'], 2), forecasterOf({ memory: 'last-value' }));
  expect([metrics.overdue_weak, metrics.overdue_strong, metrics.overdue_untrue]).toEqual([1, 1, 0]);
  expect(metrics.overdue_strong_delay).toBeGreaterThan(1);
  expect(metrics.overdue_strong_delay).toBeLessThan(6);
  expect(injected.columns).toEqual(expect.arrayContaining(Object.keys(metrics)));
});

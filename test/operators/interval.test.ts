import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type Forecasted, interval } from '../../operators/interval.js';
import { type Remembered, remember } from '../../operators/remember.js';
import { seasons } from '../../operators/seasons.js';
import { Lane } from '../../pipelines/lane.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { chance, normal } from '../chance.js';
import { run } from './harness.js';
import { laws } from './laws.js';

const levels = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
const chain = () =>
  pipeline('x')
    .through(remember({ memory: 'last-value', horizons: [1, 3] }))
    .through(interval({ levels }));

/** A random walk whose steps come from `noise`. */
function walk(count: number, noise: (t: number) => number): Event[] {
  let value = 100;
  return Array.from({ length: count }, (_, t) => {
    value += noise(t);
    return { key: 'k', timeMs: t * 1000, values: [value], offset: t };
  });
}

/** Share of rows from `from` on that lay between two levels of what was forecast `horizon` rows before. */
function coverage(
  rows: readonly (Event & Forecasted)[],
  horizon: number,
  low: number,
  high: number,
  from = 2000,
): number {
  let inside = 0;
  for (let t = from; t < rows.length; t++) {
    const { quantiles, horizons } = rows[t - horizon].forecast;
    const at = horizons.indexOf(horizon) * levels.length;
    const value = rows[t].values[0];
    if (value > quantiles[at + levels.indexOf(low)] && value <= quantiles[at + levels.indexOf(high)]) inside++;
  }
  return inside / (rows.length - from);
}

const forecast = (events: readonly Event[]) => run<Event & Remembered & Forecasted>(chain().stages, events).rows;

describe('quantiles keep what they promise', () => {
  const seed = 11;
  const random = chance(seed);
  const gauss = () => normal(random);
  test.each([
    ['normal steps', () => gauss()],
    ['steps with heavy tails', () => gauss() / Math.sqrt((gauss() ** 2 + gauss() ** 2 + gauss() ** 2) / 3)],
    ['steps of one sign', () => gauss() ** 2],
    ['steps that grow a hundredfold', (t: number) => gauss() * 10 ** (t / 4000)],
    ['calm and storm in turn', (t: number) => gauss() * (t % 400 < 200 ? 1 : 10)],
  ])('%s', (_, noise) => {
    const rows = forecast(walk(8000, noise));
    for (const horizon of [1, 3]) {
      expect(Math.abs(coverage(rows, horizon, 0.1, 0.9) - 0.8), `80 %, ${horizon} ahead, seed ${seed}`).toBeLessThan(
        0.02,
      );
      expect(Math.abs(coverage(rows, horizon, 0.05, 0.95) - 0.9), `90 %, ${horizon} ahead, seed ${seed}`).toBeLessThan(
        0.02,
      );
      expect(Math.abs(coverage(rows, horizon, 0.01, 0.99) - 0.98), `98 %, ${horizon} ahead, seed ${seed}`).toBeLessThan(
        0.02,
      );
    }
  });
});

test('quantiles ascend, and the band follows the storm', () => {
  const random = chance(3);
  const rows = forecast(walk(4000, (t) => normal(random) * (t % 400 < 200 ? 1 : 10)));
  for (const { forecast: made } of rows.slice(1)) {
    for (let i = 1; i < levels.length; i++) expect(made.quantiles[i]).toBeGreaterThanOrEqual(made.quantiles[i - 1]);
  }
  const width = (t: number) => rows[t].forecast.quantiles[7] - rows[t].forecast.quantiles[1];
  expect(width(3990)).toBeGreaterThan(4 * width(3790));
});

test('a value is judged by what was forecast one row before', () => {
  const random = chance(5);
  const events = walk(1000, () => normal(random));
  const spike = events.map((event, t) => (t === 900 ? { ...event, values: [event.values[0] + 60] } : event));
  const rows = forecast(spike);
  const quantiles = rows[899].forecast.quantiles;
  expect(rows[900].low[0]).toBeCloseTo(quantiles[0], 9);
  expect(rows[900].expected[0]).toBeCloseTo(quantiles[4], 9);
  expect(rows[900].high[0]).toBeCloseTo(quantiles[8], 9);
  expect(rows[900].tail[0]).toBeLessThan(1e-3);
  expect(rows[900].surprise).toBeGreaterThan(rows[899].surprise + 5);
  expect(rows[0].tail[0]).toBeNaN();
});

test('tails of what is as expected are uniform', () => {
  const random = chance(9);
  const rows = forecast(walk(8000, () => normal(random))).slice(1000);
  for (const p of [0.01, 0.1, 0.5]) {
    const share = rows.filter(({ tail }) => tail[0] <= p).length / rows.length;
    expect(share, `tails at or below ${p}, seed 9`).toBeGreaterThan(0.8 * p);
    expect(share, `tails at or below ${p}, seed 9`).toBeLessThan(1.2 * p);
  }
});

test('missing values are neither judged nor learnt', () => {
  const random = chance(2);
  const events = walk(600, () => normal(random)).map((event, t) =>
    t % 7 === 0 ? { ...event, values: [Number.NaN] } : event,
  );
  for (const row of forecast(events)) {
    if (Number.isNaN(row.values[0])) expect([row.tail[0], row.surprise]).toEqual([Number.NaN, 0]);
    if (row.offset > 1) expect(row.forecast.quantiles.every(Number.isFinite)).toBe(true);
  }
});

test('a constant is as expected for ever, and a value beside it is not', () => {
  const events = walk(3000, () => 0).map((event, t) => (t === 2900 ? { ...event, values: [101] } : event));
  const rows = forecast(events);
  for (const t of [100, 1000, 2899]) expect(rows[t].tail[0], `row ${t}`).toBeGreaterThan(0.9);
  expect(rows[2900].tail[0]).toBeLessThan(0.01);
});

test.each([
  [0, 1e9],
  [5, 1e9],
  [12, 1e9],
  [300, 9e17],
])('a spike at row %i of %f does not widen the bands for long', (at, spike) => {
  const random = chance(13);
  const calm = walk(1200, () => normal(random));
  const width = (list: readonly Event[], t: number) => {
    const { quantiles } = forecast(list.slice(0, t + 1))[t].forecast;
    return quantiles[8] - quantiles[0];
  };
  const spiked = calm.map((event, t) => (t === at ? { ...event, values: [spike] } : event));
  for (const t of [at + 100, at + 800])
    expect(width(spiked, t) / width(calm, t), `row ${t}, seed 13`).toBeLessThan(t === at + 100 ? 8 : 2);
});

describe('a memory with a floor', () => {
  const random = chance(15);
  /** Counts with idle stretches, and from row 7000 on the same with a negative value now and then. */
  const counts = Array.from({ length: 7200 }, (_, t): Event => {
    const rate = Math.max(0, 6 * Math.sin((2 * Math.PI * t) / 48));
    const count = Math.max(0, Math.round(rate + Math.sqrt(rate) * normal(random)));
    return { key: 'k', timeMs: t * 60_000, values: [t >= 7000 && t % 48 === 36 ? -3 : count], offset: t };
  });
  const stages = pipeline('x')
    .through(seasons())
    .through(remember({ memory: 'default', horizons: [1, 5] }))
    .through(interval({ levels })).stages;
  const { rows } = run<Event & Remembered & Forecasted>(stages, counts);

  test('nothing that it tells lies below it, until a value did', () => {
    /** Of what was told at these rows: forecasts, and what they came to in the row behind each. */
    const least = (from: number, to: number) =>
      rows.slice(from, to).reduce((low, { forecast: { mean, quantiles } }, i) => {
        const behind = rows[from + i + 1];
        return Math.min(low, ...mean, ...quantiles, behind.expected[0], behind.low[0], behind.high[0]);
      }, Number.POSITIVE_INFINITY);
    expect(least(0, 7044)).toBe(0);
    expect(least(7044, 7199)).toBeLessThan(0);
    // The first negative value is at row 7044: what was expected of it was told when there was a floor.
    expect(rows[7044].values[0]).toBe(-3);
    expect(rows[7044].low[0]).toBe(0);
    expect(rows[7044].tail[0]).toBeGreaterThan(0);
    expect(rows[7044].surprise).toBeLessThan(100);
  });

  test('each quantile has at most its share of the values below, and at least its share not above', () => {
    for (const [i, horizon] of [1, 5].entries()) {
      for (const [l, level] of levels.entries()) {
        let [below, upTo] = [0, 0];
        for (let t = 1000; t < 7000 - horizon; t++) {
          const quantile = rows[t].forecast.quantiles[i * levels.length + l];
          const value = rows[t + horizon].values[0] as number;
          below += value < quantile ? 1 / (6000 - horizon) : 0;
          upTo += value <= quantile ? 1 / (6000 - horizon) : 0;
        }
        expect(below, `${level}, ${horizon} ahead, seed 15`).toBeLessThan(level + 0.02);
        expect(upTo, `${level}, ${horizon} ahead, seed 15`).toBeGreaterThan(level - 0.02);
      }
    }
  });

  test('levels are steered by what the floor did not cut off: idle rows do not lower the bands of busy ones', () => {
    const busy = rows.slice(1000, 7000).filter(({ offset }) => Math.sin((2 * Math.PI * offset) / 48) > 0.5);
    for (const level of levels.filter((level) => level < 0.5)) {
      const below = busy.filter(({ offset, values }) => {
        const before = rows[offset - 1] as (typeof rows)[number];
        return (values[0] as number) < (before.forecast.quantiles[levels.indexOf(level)] as number);
      });
      // Steered by the cut ones, which hold in every idle row, they come to a sixth of that.
      expect(below.length / busy.length, `${level}, seed 15`).toBeGreaterThan(0.75 * level);
      expect(below.length / busy.length, `${level}, seed 15`).toBeLessThan(1.4 * level);
    }
  });
});

test('far ahead the bands of a memory that mends are nearly the best there are', () => {
  const random = chance(16);
  const far = 24;
  const drawn = Array.from({ length: 10_000 }, () => normal(random));
  // Sums of as many steps as are not known yet: the best forecast is nought, and what it misses comes in runs.
  const rows = drawn.map((_, t): Event & Remembered => {
    const value = drawn.slice(Math.max(0, t - far + 1), t + 1).reduce((sum, u) => sum + u, 0) / Math.sqrt(far);
    const prediction = { surprise: 0, mean: new Float64Array(2), spread: new Float64Array(2).fill(0.8) };
    return { key: 'k', timeMs: t, values: [value], offset: t, horizons: [1, far], prediction, members: [] };
  });
  const best = [-2.3263, -1.6449, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.6449, 2.3263];
  const loss = (quantiles: ArrayLike<number>, at: number, truth: number) =>
    levels.reduce(
      (sum, level, l) => sum + Math.max(level * (truth - quantiles[at + l]), (level - 1) * (truth - quantiles[at + l])),
      0,
    );
  const share = (told: { readonly mends?: true }) => {
    const made = run<Event & Forecasted>([interval({ levels })], rows, {
      shard: { name: 'log-0', channels: ['a'], horizons: [1, far], ...told },
    }).rows;
    let [mine, ideal] = [0, 0];
    for (let t = 2000; t + far < rows.length; t++) {
      const truth = rows[t + far].values[0] as number;
      mine += loss(made[t].forecast.quantiles, levels.length, truth);
      ideal += loss(best, 0, truth);
    }
    return mine / ideal;
  };
  expect(share({ mends: true }), 'seed 16').toBeLessThan(1.04);
  expect(share({}), 'seed 16').toBeGreaterThan(1.06);
});

test('behind a gap nothing is judged by what was said before it', () => {
  const random = chance(14);
  const events = walk(400, () => normal(random)).map((event, t) =>
    t < 300 ? event : { ...event, values: [event.values[0] + 1000], ...(t === 300 ? { gap: true as const } : {}) },
  );
  const rows = forecast(events);
  expect(rows[300].tail[0]).toBeNaN();
  expect(rows[300].surprise).toBe(0);
  expect(rows[301].tail[0]).toBeGreaterThan(0.001);
});

test('it says what it lacks', () => {
  expect(() => new Lane([interval()], { name: 's', channels: ['a'] })).toThrow('add remember');
  expect(() => interval({ levels: [0.5, 0.1] })).toThrow('interval.levels: expected a number of at least 0.5');
});

const random = chance(21);
const events = walk(300, () => normal(random));
const told = (memory: 'last-value' | 'default') =>
  run<Event & Remembered>([remember({ memory, horizons: [1, 3] })], events).rows;
const at = { name: 'log-0', channels: ['a'], horizons: [1, 3] };
describe('laws', () => laws(() => interval(), told('last-value'), at));
describe('laws with a floor', () => laws(() => interval(), told('default'), { ...at, floored: true, mends: true }));

import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type Forecasted, interval } from '../../operators/interval.js';
import { type Remembered, remember } from '../../operators/remember.js';
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
const memory = remember({ memory: 'last-value', horizons: [1, 3] });
const remembered = run<Event & Remembered>(
  [memory],
  walk(300, () => normal(random)),
).rows;
describe('laws', () => laws(() => interval(), remembered, { name: 'log-0', channels: ['a'], horizons: [1, 3] }));

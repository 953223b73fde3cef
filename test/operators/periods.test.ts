import { expect, test } from 'vitest';
import { findPeriods, transform } from '../../operators/periods.js';
import { chance, normal } from '../chance.js';

const series = (rows: number, value: (t: number) => number): Float64Array =>
  Float64Array.from({ length: rows }, (_, t) => value(t));
const wave = (t: number, period: number): number => Math.sin((2 * Math.PI * t) / period);

test('the transform is that of the definition', () => {
  const random = chance(1);
  const x = series(64, () => normal(random));
  const re = x.slice();
  const im = new Float64Array(64);
  transform(re, im);
  for (const k of [0, 1, 17, 63]) {
    const sum = (f: (angle: number) => number) =>
      x.reduce((total, value, t) => total + value * f((-2 * Math.PI * k * t) / 64), 0);
    expect(re[k]).toBeCloseTo(sum(Math.cos), 10);
    expect(im[k]).toBeCloseTo(sum(Math.sin), 10);
  }
});

test.each([12, 24, 48, 96, 288])('a noisy wave of %i rows', (period) => {
  const random = chance(period);
  expect(findPeriods([series(8192, (t) => wave(t, period) + 0.5 * normal(random))], 3000, 0)).toEqual([period]);
});

test('days and weeks: the week is found as a multiple of the day', () => {
  const random = chance(4);
  const weekday = (t: number) => (Math.floor(t / 48) % 7 < 5 ? 1 : 0.7);
  const values = series(6000, (t) => weekday(t) * (2 + wave(t, 48)) + 0.1 * normal(random));
  expect(findPeriods([values], 2304, 0)).toEqual([48, 336]);
});

test('a season under a trend that hides it', () => {
  const random = chance(6);
  expect(findPeriods([series(4096, (t) => wave(t, 24) + 0.02 * t + 0.2 * normal(random))], 1000, 0)).toEqual([24]);
});

test('a peak beside a day is taken for the day', () => {
  const random = chance(8);
  const values = series(1024, (t) => wave(t, 95) + 0.3 * normal(random));
  expect(findPeriods([values], 400, 96)).toEqual([96]);
  expect(findPeriods([values], 400, 0)[0]).toBeCloseTo(95, -0.5);
});

test('noise, a walk, a constant and too few rows have none', () => {
  const random = chance(10);
  let level = 0;
  expect(findPeriods([series(4096, () => normal(random))], 1024, 0)).toEqual([]);
  expect(findPeriods([series(4096, () => 7)], 1024, 0)).toEqual([]);
  expect(findPeriods([series(16, (t) => wave(t, 4))], 8, 0)).toEqual([]);
  const walk = findPeriods([series(4096, () => (level += normal(random)))], 1024, 0);
  expect(walk.length, 'a walk may look seasonal, but never by much').toBeLessThanOrEqual(1);
});

test('series with one clock are looked at together', () => {
  const random = chance(12);
  const faint = () => series(1500, (t) => 0.6 * wave(t, 30) + normal(random));
  expect(findPeriods([faint(), faint(), faint(), series(1500, () => 3)], 500, 0)).toEqual([30]);
});

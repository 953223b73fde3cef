import { expect, test } from 'vitest';
import { bets, richSince, settle, wager, wagerLayout } from '../../../operators/evidence/wager.js';
import { chance } from '../../chance.js';
import { rowOf } from './row.js';

/** The mean over p in (0, 1), with points dense where bets have no bound. */
function meanOver(f: (p: number) => number): number {
  const points = 20_000;
  let sum = 0;
  for (let quarter = 0; quarter < 4; quarter++) {
    for (let i = 0; i < points; i++) {
      const t = (i + 0.5) / points;
      const along = 0.25 * t ** 8;
      const p = quarter % 2 === 0 ? 0.25 * quarter + along : 0.25 * (quarter + 1) - along;
      sum += (f(p) * 2 * t ** 7) / points;
    }
  }
  return sum;
}

test('every bet is fair: its mean over uniform p-values is 1', () => {
  for (let bet = 0; bet < bets; bet++) {
    const mean = meanOver((p) => {
      const own = rowOf(wagerLayout);
      own.capital[bet] = 1;
      wager(own, p, 0);
      return own.capital[bet];
    });
    expect(mean, `mean of bet ${bet}`).toBeCloseTo(1, 2);
    // Where a p-value was rounded to an end, the bet is less than it might be and never no number.
    for (const p of [0, 0.5, 1]) {
      const own = rowOf(wagerLayout);
      expect(wager(own, p, 1)).toBeLessThan(1e12);
    }
  }
});

/** Alarms over what was granted, and three standard errors of it, until a stopping time. */
function ratio(stops: (alarms: number, row: number, p: number) => boolean, settles = settle) {
  const random = chance(5);
  const sequences = 3000;
  const grant = 1 / 50;
  const told: number[] = [];
  let granted = 0;
  for (let i = 0; i < sequences; i++) {
    const own = rowOf(wagerLayout);
    let alarms = 0;
    for (let row = 1; ; row++) {
      granted += grant;
      const p = random() + 2 ** -33;
      if (wager(own, p, grant) >= 1) {
        alarms++;
        settles(own);
      }
      if (row >= 500 || stops(alarms, row, p)) break;
    }
    told.push(alarms);
  }
  const mean = told.reduce((sum, x) => sum + x, 0) / sequences;
  const variance = told.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sequences;
  return { ratio: (mean * sequences) / granted, error: (3 * Math.sqrt(variance * sequences)) / granted };
}

test('alarms come to no more than was granted, whenever one stops, and not to far less', () => {
  for (const stops of [() => false, (alarms: number) => alarms > 0, (_: number, __: number, p: number) => p < 0.01]) {
    const { ratio: told, error } = ratio(stops);
    expect(told).toBeLessThan(1 + error);
    expect(told).toBeGreaterThan(0.2);
  }
});

test('an alarm that costs nothing breaks the bound', () => {
  const { ratio: told, error } = ratio(
    () => false,
    () => {},
  );
  expect(told).toBeGreaterThan(1.5 + error);
});

test('what is low, high, at both ends or in the middle for a while is noticed within rows', () => {
  const random = chance(9);
  const rowsUntil = (p: () => number): number => {
    const own = rowOf(wagerLayout);
    for (let row = 0; row < 300; row++) wager(own, random(), 1 / 2000);
    settle(own);
    for (let row = 1; row < 200; row++) if (wager(own, p(), 1 / 2000) >= 1) return row;
    return 200;
  };
  expect(rowsUntil(() => 0.1 * random())).toBeLessThan(20);
  expect(rowsUntil(() => 1 - 0.1 * random())).toBeLessThan(20);
  expect(rowsUntil(() => (random() < 0.5 ? 0.05 * random() : 1 - 0.05 * random()))).toBeLessThan(20);
  expect(rowsUntil(() => 0.5 + 0.05 * (random() - 0.5))).toBeLessThan(20);
});

test('who became rich says since when, and by which row most', () => {
  const own = rowOf(wagerLayout);
  const random = chance(2);
  for (let i = 0; i < 100; i++) wager(own, random(), 1e-3);
  wager(own, 0.4, 1e-3);
  for (const p of [0.05, 0.02, 1e-4, 0.03]) wager(own, p, 1e-3);
  expect(richSince(own)).toEqual({ since: 3, strongest: 1 });
  const below = rowOf(wagerLayout);
  for (const p of [0.4, 0.3, 0.97, 0.99, 0.98]) wager(below, p, 1e-3);
  expect(richSince(below)).toEqual({ since: 2, strongest: 1 });
});

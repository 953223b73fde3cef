import { expect, test } from 'vitest';
import type { AlarmBudget } from '../../../operators/budget.js';
import { BarOf, barLayout, barSharedLayout, commonDebtMax } from '../../../operators/evidence/bar.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

/** Alarms of keys that take turns, a minute apart, with shares that are so many times what they should be. */
function alarms(budget: AlarmBudget, keys: number, rows: number, times = 1): number {
  const random = chance(7);
  const bar = new BarOf(budget);
  const shared = rowOf(barSharedLayout);
  const own = Array.from({ length: keys }, () => rowOf(barLayout));
  let count = 0;
  for (let i = 0; i < rows; i++) {
    for (const key of own) {
      bar.tick(shared, 1e12 + 60_000 * i);
      if (bar.passes(shared, key, 60_000, times * (1 - random()), 1)) count++;
    }
  }
  return count;
}

test('a budget of one key is one for each, a budget of all is shared by them', () => {
  // 20,000 minutes are 13.9 days.
  const each = alarms({ alarms: 2, per: 'key', every: '1d' }, 20, 20_000) / (20 * 2 * 13.9);
  const all = alarms({ alarms: 20, per: 'all', every: '1d' }, 20, 20_000) / (20 * 13.9);
  const byRows = alarms({ alarms: 1, per: 'key', rows: 500 }, 20, 20_000) / (20 * 40);
  for (const ratio of [each, all, byRows]) {
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.25);
  }
});

test('a share of false discoveries leaves nearly no alarms where there is nothing to find', () => {
  expect(alarms({ falseDiscoveries: 0.1 }, 20, 2000)).toBeLessThan(8);
});

const minutesOfDay = 1440;

test('a budget of all is kept by what keys share: shares that are five times too small spend no more of it', () => {
  // Each key may alarm 0.2 times in all, so its own account sees nothing wrong.
  const [keys, rows] = [200, 2000];
  const allowed = 40;
  const budget: AlarmBudget = { alarms: (allowed * minutesOfDay) / rows, per: 'all', every: '1d' };
  expect(alarms(budget, keys, rows, 1 / 5) / allowed).toBeLessThan(1.25);
});

test('a budget of all holds for a thousand keys that report at the same moments', () => {
  const rows = 1500;
  const allowed = 100;
  const ratio = alarms({ alarms: (allowed * minutesOfDay) / rows, per: 'all', every: '1d' }, 1000, rows) / allowed;
  expect(ratio).toBeGreaterThan(0.75);
  expect(ratio).toBeLessThan(1.25);
});

/** Shared and own state of so many keys after rows a minute apart in which nothing was strange. */
function quiet(bar: BarOf, keys: number, rows: number) {
  const shared = rowOf(barSharedLayout);
  const own = Array.from({ length: keys }, () => rowOf(barLayout));
  const row = (minute: number, rarityOf: (key: number) => number): number[] =>
    own.flatMap((state, key) => {
      bar.tick(shared, 1e12 + 60_000 * minute);
      return bar.passes(shared, state, 60_000, rarityOf(key), 1) ? [key] : [];
    });
  for (let minute = 0; minute < rows; minute++) expect(row(minute, () => 1)).toEqual([]);
  return { shared, row };
}

test('of an incident all that is plain is told, what is not needs more the more came, and it is soon over', () => {
  const bar = new BarOf({ alarms: 50, per: 'all', every: '1d' });
  const keys = 60;
  const { shared, row } = quiet(bar, keys, 200);
  const rate = 50 / (keys * minutesOfDay);
  const plain = (rate / Math.exp(commonDebtMax)) * 0.9;
  expect(row(200, () => plain)).toHaveLength(keys);
  expect(shared.overdrawn[0]).toBe(commonDebtMax);
  // Other news, half as rare as that, would have been told before the incident and is not now.
  expect(row(221, () => plain * 2)).toEqual([]);
  // Four alarms of the fifty pay for an incident of any size, and another one is credit.
  for (let minute = 222; minute < 222 + minutesOfDay / 8; minute++) row(minute, () => 1);
  expect(shared.overdrawn[0]).toBeLessThan(0);
});

test('one key that alarms on and on is held back by its own account, and the others are not silenced', () => {
  const bar = new BarOf({ alarms: 50, per: 'all', every: '1d' });
  const { row } = quiet(bar, 60, 200);
  let told = 0;
  for (let minute = 200; minute < 200 + 2 * minutesOfDay; minute++)
    told += row(minute, (key) => (key === 7 ? 1e-8 : 1)).length;
  expect(told).toBeGreaterThan(3);
  // Its part of the budget is 1.7 in two days; what is owed is a logarithm.
  expect(told).toBeLessThan(20);
  expect(row(200 + 2 * minutesOfDay, (key) => (key === 8 ? 1e-5 : 1))).toEqual([8]);
});

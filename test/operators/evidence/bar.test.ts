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
  const told = Array.from({ length: 6 }, (_, day) => {
    let count = 0;
    for (let minute = 200 + day * minutesOfDay; minute < 200 + (day + 1) * minutesOfDay; minute++)
      count += row(minute, (key) => (key === 7 ? 1e-8 : 1)).length;
    return count;
  });
  // On the first day the logarithm that it may owe; then its own part, 0.8 a day, and a fifth of what nobody else needs.
  expect(told[0]).toBeGreaterThan(3);
  expect(told[0]).toBeLessThan(30);
  for (const count of told.slice(2)) expect(count).toBeLessThanOrEqual(0.8 + 50 / 5 + 1);
  expect(row(200 + 6 * minutesOfDay, (key) => (key === 8 ? 1e-5 : 1))).toEqual([8]);
});

test('what the others leave of the budget pays the debts of a key, and no more than that', () => {
  const bar = new BarOf({ alarms: 50, per: 'all', every: '1d' });
  const keys = 300;
  const days = 12;
  // One key has something plain to tell each day, six times its equal share; the others have next to nothing.
  const { shared, row } = quiet(bar, keys, 200);
  const plain = 1e-6;
  const daily: number[] = [];
  for (let minute = 200; minute < 200 + days * minutesOfDay; minute++) {
    const now = minute % minutesOfDay === 700;
    if (row(minute, (key) => (now && key === 7 ? plain : 1)).includes(7)) daily.push(minute);
  }
  expect(daily).toHaveLength(days);
  expect(shared.overdrawn[0]).toBeLessThan(0);

  // Where all spend it, nothing is left: a key pays with its own share.
  const spent = new BarOf({ alarms: 50, per: 'all', every: '1d' });
  const random = chance(11);
  const busy = rowOf(barSharedLayout);
  const own = Array.from({ length: keys }, () => rowOf(barLayout));
  let told = 0;
  for (let minute = 0; minute < 4 * minutesOfDay; minute++) {
    for (const [key, state] of own.entries()) {
      spent.tick(busy, 1e12 + 60_000 * minute);
      const rarity = key === 7 ? (minute % 720 === 300 ? plain : 1) : (1 - random()) / 10;
      if (spent.passes(busy, state, 60_000, rarity, 1) && key === 7) told++;
    }
  }
  expect(told).toBeLessThan(7);
});

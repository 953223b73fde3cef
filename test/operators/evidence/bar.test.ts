import { expect, test } from 'vitest';
import type { AlarmBudget } from '../../../operators/budget.js';
import { BarOf, barLayout, barSharedLayout } from '../../../operators/evidence/bar.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

/** Alarms of keys that take turns, a minute apart, with shares as they should be. */
function alarms(budget: AlarmBudget, keys: number, rows: number): number {
  const random = chance(7);
  const bar = new BarOf(budget);
  const shared = rowOf(barSharedLayout);
  const own = Array.from({ length: keys }, () => rowOf(barLayout));
  let count = 0;
  for (let i = 0; i < rows; i++) {
    for (const key of own) {
      bar.tick(shared, 1e12 + 60_000 * i);
      if (bar.passes(shared, key, 60_000, 1 - random(), 1)) count++;
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

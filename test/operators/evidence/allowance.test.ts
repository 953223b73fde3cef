import { expect, test } from 'vitest';
import { allowanceLayout, grantOf, type RatedBudget, saveUp } from '../../../operators/evidence/allowance.js';
import { chance } from '../../chance.js';
import { rowOf } from './row.js';

const hourMs = 3_600_000;

test('rows never get more than the time that passed has brought, whatever the clock believes of their pace', () => {
  const budget: RatedBudget = { alarms: 3, per: 'key', every: '1w' };
  const random = chance(4);
  for (const belief of [0.1, 1, 10]) {
    const own = rowOf(allowanceLayout);
    let [timeMs, granted] = [1e12, 0];
    for (let row = 0; row < 5000; row++) {
      timeMs += row % 700 === 350 ? 48 * hourMs : 2 * hourMs * random();
      saveUp(own, budget, timeMs);
      granted += grantOf(own, budget, belief * hourMs);
      expect(granted).toBeLessThanOrEqual((3 * (timeMs - 1e12)) / (168 * hourMs) + 1e-9);
    }
    const share = granted / ((3 * (timeMs - 1e12)) / (168 * hourMs));
    expect(share).toBeGreaterThan(belief < 1 ? 0.05 : 0.7);
  }
});

test('a budget of rows grants each the same, and time that goes back brings nothing', () => {
  const own = rowOf(allowanceLayout);
  const byRows: RatedBudget = { alarms: 1, per: 'all', rows: 400 };
  for (const timeMs of [5, 5, 1e9]) {
    saveUp(own, byRows, timeMs);
    expect(grantOf(own, byRows, 60_000)).toBe(1 / 400);
  }
  const byTime: RatedBudget = { alarms: 1, per: 'all', every: '1h' };
  for (const timeMs of [1e9, 1e9, 5e8, 1e9]) saveUp(own, byTime, timeMs);
  expect(grantOf(own, byTime, 60_000)).toBe(0);
  saveUp(own, byTime, 1e9 + 30_000);
  expect(grantOf(own, byTime, 60_000)).toBeCloseTo(1 / 120, 12);
});

import { describe, expect, test } from 'vitest';
import type { RatedBudget } from '../../../operators/budget.js';
import { allowanceLayout, grantOf, saveUp } from '../../../operators/evidence/allowance.js';
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

describe('wrong clocks', () => {
  const budget: RatedBudget = { alarms: 2, per: 'all', every: '1d' };
  const stepMs = 60_000;
  const y2096 = 4e12;
  /** What rows a minute apart are granted, the times of some of them being wrong. */
  const granted = (rows: number, wrong: (row: number) => number | undefined): number[] => {
    const own = rowOf(allowanceLayout);
    return Array.from({ length: rows }, (_, row) => {
      saveUp(own, budget, wrong(row) ?? 1e12 + row * stepMs);
      return grantOf(own, budget, stepMs);
    });
  };
  const sum = (grants: number[]): number => grants.reduce((all, grant) => all + grant, 0);
  const honest = sum(granted(9000, () => undefined));

  test.each<[string, (row: number) => number | undefined, number]>([
    ['one row of 2096', (row) => (row === 1000 ? y2096 : undefined), 10],
    ['the first row of 2096', (row) => (row === 0 ? y2096 : undefined), 10],
    ['the second row of 2096', (row) => (row === 1 ? y2096 : undefined), 110],
    ['one row of 1970', (row) => (row === 1000 ? 5 : undefined), 10],
    ['fifty rows of 2096 in a row', (row) => (row >= 1000 && row < 1050 ? y2096 + row * stepMs : undefined), 200],
    ['every hundredth row of 2096', (row) => (row % 100 === 7 ? y2096 : undefined), 1000],
  ])('%s costs the grants of a few rows, and brings no more than a few', (_, wrong, rows) => {
    const [all, each] = [granted(9000, wrong), (2 * stepMs) / 86_400_000];
    expect(sum(all)).toBeGreaterThan(honest - rows * each);
    expect(sum(all)).toBeLessThan(honest + 110 * each);
    expect(all.at(-1)).toBeCloseTo(each, 12);
  });

  test('a pause is time that passed, within the rows that follow it', () => {
    const own = rowOf(allowanceLayout);
    for (let row = 0; row < 200; row++) {
      saveUp(own, budget, 1e12 + row * stepMs);
      grantOf(own, budget, stepMs);
    }
    const before = own.saved[0];
    for (let row = 0; row < 10; row++) saveUp(own, budget, 1e12 + 200 * stepMs + 6 * 3_600_000 + row * stepMs);
    expect(own.saved[0] - before).toBeCloseTo((2 * (6 * 60 + 10)) / 1440, 2);
  });

  test('keys that report in bursts, late and out of turn, never bring more than has passed, nor much less', () => {
    const random = chance(9);
    const own = rowOf(allowanceLayout);
    let total = 0;
    const minutes = 4000;
    for (let minute = 0; minute < minutes; minute++) {
      // Sixty keys within a second of each minute, some of them up to an hour late.
      for (let key = 0; key < 60; key++) {
        const late = random() < 0.3 ? 3_600_000 * random() : 0;
        saveUp(own, budget, 1e12 + Math.max(0, minute * stepMs + 16 * key - late));
        total += grantOf(own, budget, stepMs);
        expect(total).toBeLessThanOrEqual((2 * (minute * stepMs + 16 * key)) / 86_400_000 + 1e-9);
      }
    }
    expect(total / ((2 * minutes) / 1440)).toBeGreaterThan(0.95);
  });
});

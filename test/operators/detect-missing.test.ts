import { describe, expect, test } from 'vitest';
import { type Detected, detect, type Judged } from '../../operators/detect.js';
import { bits, chance, events, normal, run } from './harness.js';
import { tailOf } from './tail.js';

/** One channel whose values begin to be missing at row 900: all of 25, and from row 1,000 on every third. */
const rows: Judged[] = (() => {
  const z = normal(chance(5));
  const missing = (i: number) => i >= 900 && (i < 925 || (i > 1000 && i % 3 === 0));
  const values = Array.from({ length: 1500 }, (_, i) => (missing(i) ? Number.NaN : z()));
  return events(values).map((event) => ({ ...event, tail: [tailOf(event.values[0] as number)], expected: [0] }));
})();

const told = (list: readonly Judged[], options = {}, how: Parameters<typeof run>[2] = {}) =>
  run<Detected, Judged>([detect({ evidence: 'all', ...options })], list, how).rows;

describe('scores of rows without values', () => {
  test('are the same wherever a run was stopped, and whatever other keys did', () => {
    const budgets = [{}, { budget: { alarms: 20, per: 'key', every: '1d' } }, { budget: { falseDiscoveries: 0.1 } }];
    for (const budget of budgets) {
      const whole = told(rows, budget, { cuts: [500] });
      const missing = whole.filter((_, i) => Number.isNaN(rows[i]?.values[0]));
      expect(missing.some(({ score }) => score < 0.5)).toBe(true);
      expect(bits(told(rows, budget, { cuts: [13], restart: true }))).toBe(bits(whole));
    }
    // Another key with another pace in between: a budget in time has another rate for it.
    const other: Judged[] = rows
      .filter((_, i) => i % 5 === 0)
      .map((row, i) => ({ ...row, key: 'other', values: [Math.sin(i)], tail: [0.5], timeMs: row.timeMs + 1000 }));
    const mixed = [...rows, ...other].sort((a, b) => a.timeMs - b.timeMs).map((row, offset) => ({ ...row, offset }));
    const budget = { budget: { alarms: 20, per: 'key', every: '1d' } };
    const scores = (list: readonly (Detected & { key: string })[]) =>
      list.filter(({ key }) => key !== 'other').map(({ score }) => score);
    expect(scores(told(mixed, budget) as never)).toEqual(scores(told(rows, budget) as never));
  });
});

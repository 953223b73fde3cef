import { expect, test } from 'vitest';
import { rowsUntilSpent, spend, spendingLayout } from '../../../operators/evidence/spending.js';
import { chance } from '../../chance.js';
import { rowOf } from './row.js';

test('never more is spent than was granted, whatever grants, bars and counts do', () => {
  const random = chance(3);
  const own = rowOf(spendingLayout);
  let [granted, spent] = [0, 0];
  let rows = 1;
  for (let i = 0; i < 20_000; i++) {
    const grant = random() < 0.1 ? 0 : 0.002 * random();
    granted += grant;
    spent += spend(own, grant, rows++, 1 + (random() < 0.3 ? 4 * random() : 0));
    expect(spent).toBeLessThanOrEqual(granted + 1e-9);
    if (random() < 0.0005) rows = 1;
  }
  expect(spent).toBeGreaterThan(0.7 * granted);
});

test('of a new key nothing is spent until the strangest of all rows is told from then on', () => {
  for (const grant of [1 / 3000, 1 / 150]) {
    const own = rowOf(spendingLayout);
    const levels = Array.from({ length: Math.ceil(4 / grant) }, (_, i) => spend(own, grant, i + 1, 1));
    const begins = levels.findIndex((level) => level > 0) + 1;
    expect(begins * grant).toBeGreaterThan(0.36);
    expect(begins * grant).toBeLessThan(0.4);
    // A row here and there is left out, as a sum is no integral.
    const sure = levels.filter((level, i) => i + 1 >= begins && level >= Math.min(1 / (i + 1), grant));
    expect(sure.length / (levels.length - begins)).toBeGreaterThan(0.98);
    expect(levels.slice(Math.ceil(1 / grant)).every((level) => Math.abs(level - grant) < 1e-12)).toBe(true);
    expect(own.saved[0]).toBeLessThan(0.02);
  }
});

test('the row from which on something is spent is foretold from any row before it', () => {
  for (const grant of [0.3, 1 / 17, 1 / 400, 1 / 3000]) {
    const own = rowOf(spendingLayout);
    const foretold: number[] = [];
    for (let row = 1; ; row++) {
      foretold.push(row - 1 + rowsUntilSpent(own.saved[0], grant, row - 1));
      if (spend(own, grant, row, 1) > 0) {
        expect(new Set(foretold)).toEqual(new Set([row]));
        break;
      }
    }
  }
  expect(rowsUntilSpent(0, 0, 100)).toBe(Number.POSITIVE_INFINITY);
  expect(rowsUntilSpent(0, 0.1, 100)).toBe(1);
});

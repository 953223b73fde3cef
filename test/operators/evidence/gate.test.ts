import { expect, test } from 'vitest';
import { charge, gateLayout, payRow, priceOf, told } from '../../../operators/evidence/gate.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

test('an alarm hides the weaker ones that follow, and not the stronger', () => {
  const own = rowOf(gateLayout);
  expect(told(own, 2, true)).toBe(true);
  for (let i = 0; i < 20; i++) expect(told(own, 9, true)).toBe(false);
  expect([told(own, 1, true), told(own, 5, false), told(own, 5, true)]).toEqual([false, false, true]);
  for (let i = 0; i < 300; i++) told(own, 0, false);
  expect(told(own, 1, true)).toBe(true);
});

test('a budget is kept in the long run, however wrong the shares are', () => {
  const rate = 1 / 500;
  for (const wrong of [0.05, 20]) {
    const random = chance(4);
    const own = rowOf(gateLayout);
    let late = 0;
    for (let i = 0; i < 200_000; i++) {
      payRow(own, rate, 0.6);
      if (priceOf(own, wrong * random()) > rate) continue;
      charge(own, 0.6);
      if (i >= 100_000) late++;
    }
    // Credit is bounded, so shares that are far too large leave some of the budget unused.
    if (wrong < 1) expect(late / 200).toBeGreaterThan(0.75);
    expect(late / 200).toBeLessThan(1.25);
  }
});

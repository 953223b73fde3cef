import { expect, test } from 'vitest';
import { gateLayout, pass } from '../../../operators/evidence/gate.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

const rate = 1 / 2000;
const aged = () => {
  const own = rowOf(gateLayout);
  for (let i = 0; i < 6000; i++) pass(own, 0, rate);
  return own;
};

test('an alarm hides the weaker ones that follow, and not the stronger', () => {
  const own = aged();
  expect(pass(own, 2, rate)).toBeGreaterThan(1.9);
  for (let i = 0; i < 20; i++) expect(pass(own, 9, rate)).toBe(0);
  expect(pass(own, 1, rate)).toBe(0);
  expect(pass(own, 5, rate)).toBeGreaterThan(4);
  for (let i = 0; i < 300; i++) pass(own, 0, rate);
  expect(pass(own, 2, rate)).toBeGreaterThan(0);
});

test('what is new in a short past passes only if it is newer', () => {
  expect(pass(rowOf(gateLayout), 1, rate)).toBe(0);
  expect(pass(aged(), 1, rate)).toBe(1);
});

test('news that never ends is held to the budget in the long run', () => {
  const random = chance(4);
  const own = rowOf(gateLayout);
  let late = 0;
  // One row in a hundred is news of exponential strength: twenty times the budget.
  for (let i = 0; i < 400_000; i++) {
    const alarm = pass(own, random() < 0.01 ? -Math.log(1 - random()) : 0, rate) > 0;
    if (alarm && i >= 200_000) late++;
  }
  expect(late / 100).toBeGreaterThan(0.75);
  expect(late / 100).toBeLessThan(1.25);
});

import { expect, test } from 'vitest';
import { lasting, sustainedLayout } from '../../../operators/evidence/sustained.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

test('evidence is near 0 as long as all is usual, rises while errors are large, and falls again', () => {
  const z = normal(chance(2));
  const own = rowOf(sustainedLayout);
  const told = Array.from({ length: 4000 }, (_, i) => {
    const error = z() * (i >= 3000 && i < 3200 ? 5 : 1);
    return lasting(own, error, error, 0, 10_000);
  });
  const mean = (from: number, upTo: number) => told.slice(from, upTo).reduce((a, b) => a + b) / (upTo - from);
  expect(told.slice(0, 519).every(Number.isNaN)).toBe(true);
  expect(Math.abs(mean(1000, 3000))).toBeLessThan(0.2);
  expect(mean(3100, 3200)).toBeGreaterThan(1);
  expect(mean(3800, 4000)).toBeLessThan(0.2);
});

test('newness is remembered for a while', () => {
  const z = normal(chance(2));
  const own = rowOf(sustainedLayout);
  const told = Array.from({ length: 2000 }, (_, i) => lasting(own, z(), 0.1, i === 1500 ? 5 : 0, 10_000));
  expect(told[1500]! - told[1499]!).toBeGreaterThan(0.7);
  expect(told[1600]!).toBeGreaterThan(told[1499]! + 0.2);
});

import { expect, test } from 'vitest';
import { onset, onsetLayout } from '../../../operators/evidence/onset.js';
import { rowOf } from './row.js';

test('an onset is told once, and what begins later is one of its own', () => {
  const own = rowOf(onsetLayout);
  expect(onset(own, 0)).toBe(0);
  expect(onset(own, 2)).toBe(2);
  for (let i = 0; i < 20; i++) expect(onset(own, 9)).toBe(0);
  expect(onset(own, 9)).toBeGreaterThan(8.7);
});

test('one of many must be newer, until they are forgotten', () => {
  const own = rowOf(onsetLayout);
  for (let i = 0; i < 1000; i++) onset(own, i % 100 === 0 ? 6 : 0);
  const bar = 6 - onset(own, 6);
  expect(bar).toBeGreaterThan(2);
  expect(bar).toBeLessThan(2.5);
  for (let i = 0; i < 16_000; i++) onset(own, 0);
  expect(onset(own, 1)).toBeGreaterThan(0.9);
});

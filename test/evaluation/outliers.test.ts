import { expect, test } from 'vitest';
import { Confusion } from '../../evaluation/outliers.js';

test('F1 and both rates of the pooled rows', () => {
  const confusion = new Confusion();
  for (let i = 0; i < 6; i++) confusion.add(true, true);
  for (let i = 0; i < 2; i++) confusion.add(true, false);
  for (let i = 0; i < 1; i++) confusion.add(false, true);
  for (let i = 0; i < 3; i++) confusion.add(false, false);
  const { f1, far, mar } = confusion.metrics;
  expect(f1).toBeCloseTo(12 / 15, 12);
  expect(far).toBe(25);
  expect(mar).toBe(25);
});

test('no alarm at all is an F1 of 0', () => {
  const confusion = new Confusion();
  confusion.add(true, false);
  expect(confusion.metrics.f1).toBe(0);
});

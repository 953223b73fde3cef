import { expect, test } from 'vitest';
import { shapeLayout, shapeWarmupRows, strangeness } from '../../../operators/evidence/shape.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

const told = (make: (i: number, noise: number) => number, rows = 3000) => {
  const z = normal(chance(7));
  const own = rowOf(shapeLayout);
  return Array.from({ length: rows }, (_, i) => strangeness(own, make(i, z()), 10_000));
};

test('nothing is said until the covariance has settled; then windows as usual are at 1', () => {
  const rows = told((i, noise) => 5 * Math.sin(i / 8) + noise);
  const first = rows.findIndex((x) => !Number.isNaN(x));
  expect(first).toBe(shapeWarmupRows + 19);
  const late = rows.slice(1000);
  const mean = late.reduce((a, b) => a + b) / late.length;
  expect(mean).toBeGreaterThan(0.8);
  expect(mean).toBeLessThan(1.2);
});

test('a wave of another length is strange though every value is usual', () => {
  const rows = told((i, noise) => 5 * Math.sin(i < 2500 ? i / 8 : i / 3) + 0.3 * noise);
  expect(Math.max(...rows.slice(2000, 2500))).toBeLessThan(2);
  expect(Math.max(...rows.slice(2510, 2600))).toBeGreaterThan(3);
});

test('a constant is no stranger than anything', () => {
  expect(told(() => 4).every((x) => Number.isNaN(x) || x < 1)).toBe(true);
});

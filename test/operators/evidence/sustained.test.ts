import { expect, test } from 'vitest';
import {
  fadeNewness,
  lasting,
  lastingNewness,
  newestLayout,
  noteNewness,
  sustainedLayout,
} from '../../../operators/evidence/sustained.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

test('evidence is near 0 as long as all is usual, rises while errors are large, and falls again', () => {
  const z = normal(chance(2));
  const own = rowOf(sustainedLayout);
  const told = Array.from({ length: 4000 }, (_, i) => {
    const error = z() * (i >= 3000 && i < 3200 ? 5 : 1);
    return lasting(own, error, error, 10_000);
  });
  const mean = (from: number, upTo: number) => told.slice(from, upTo).reduce((a, b) => a + b) / (upTo - from);
  expect(told.slice(0, 519).every(Number.isNaN)).toBe(true);
  expect(Math.abs(mean(1000, 3000))).toBeLessThan(0.2);
  expect(mean(3100, 3200)).toBeGreaterThan(1);
  expect(mean(3800, 4000)).toBeLessThan(0.2);
});

test('quiet rows are no stranger and hardly less strange than usual ones', () => {
  const z = normal(chance(2));
  const own = rowOf(sustainedLayout);
  const told = Array.from({ length: 2000 }, (_, i) => lasting(own, i < 1500 ? z() : 0, i < 1500 ? z() : 0, 10_000));
  expect(Math.min(...told.slice(1500))).toBeGreaterThan(-0.25);
  expect(Math.max(...told.slice(1600))).toBeLessThan(0.2);
});

test('newness is remembered for a while', () => {
  const own = rowOf(newestLayout);
  const told = Array.from({ length: 600 }, (_, i) => {
    fadeNewness(own);
    noteNewness(own, i === 100 ? 5 : 0);
    return lastingNewness(own);
  });
  expect(told[99]).toBe(0);
  expect(told[100]).toBeGreaterThan(0.7);
  expect(told[200]).toBeGreaterThan(0.4);
  expect(told[599]).toBeLessThan(0.1);
});

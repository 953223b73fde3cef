import { expect, test } from 'vitest';
import { onset, onsetLayout } from '../../../operators/evidence/onset.js';
import { rowOf } from './row.js';

const aged = () => {
  const own = rowOf(onsetLayout);
  for (let i = 0; i < 6000; i++) onset(own, 0);
  return own;
};

test('an onset hides the weaker ones that follow, and not the stronger', () => {
  const own = aged();
  expect(onset(own, 2)).toBeGreaterThan(1.9);
  for (let i = 0; i < 20; i++) expect(onset(own, 9)).toBe(0);
  expect(onset(own, 1)).toBe(0);
  expect(onset(own, 5)).toBeGreaterThan(4);
  for (let i = 0; i < 300; i++) onset(own, 0);
  expect(onset(own, 2)).toBeGreaterThan(0);
});

test('what is new in a short past must be newer, and so must one of many', () => {
  expect(onset(rowOf(onsetLayout), 1)).toBe(0);
  expect(onset(aged(), 1)).toBe(1);
  const own = aged();
  for (let i = 0; i < 1000; i++) onset(own, i % 250 === 0 ? 6 : 0);
  expect(onset(own, 6)).toBeLessThan(4.8);
});

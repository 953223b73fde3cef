import { expect, test } from 'vitest';
import { Chance } from '../../../evaluation/data/clean.js';
import { heaviness } from '../../../operators/evidence/heaviness.js';
import { push, recentLayout } from '../../../operators/evidence/recent.js';
import { rowOf } from './row.js';

/** The mean over forty keys. */
function mean(draw: (chance: Chance) => number): number {
  let sum = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const chance = new Chance(seed);
    const own = rowOf(recentLayout(100));
    for (let i = 0; i < 137; i++) push(own, draw(chance));
    sum += heaviness(own);
  }
  return sum / 40;
}

test('normal steps are hardly heavier than normal, those of Student’s t with three degrees of freedom are', () => {
  expect(mean((chance) => chance.normal())).toBeLessThan(1.2);
  expect(mean((chance) => chance.heavy())).toBeGreaterThan(1.5);
});

test('rows without a step say nothing, and a constant is as normal as any', () => {
  expect(mean((chance) => (chance.uniform() < 0.8 ? 0 : chance.poisson(2)))).toBeLessThan(1.3);
  expect(mean(() => 7)).toBe(1);
});

test('one wild step makes a key as heavy as a key may be, and the order in the ring does not matter', () => {
  const own = rowOf(recentLayout(100));
  for (let i = 0; i < 163; i++) push(own, i === 150 ? 1000 : i % 3);
  expect(heaviness(own)).toBe(4);
});

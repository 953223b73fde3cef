import { expect, test } from 'vitest';
import { SurpriseOf, surpriseLayout } from '../../../operators/evidence/surprise.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

test('a score of p comes at a share p of rows, and an unlikely row scores next to nothing', () => {
  const random = chance(3);
  const surprise = new SurpriseOf(10_000);
  const own = rowOf(surpriseLayout);
  surprise.init(own);
  let low = 0;
  for (let i = 0; i < 30_000; i++) {
    surprise.judge(own, [1 - random()], i > 50);
    if (i >= 5000 && surprise.score <= 0.01) low++;
  }
  expect(low / 250).toBeGreaterThan(0.75);
  expect(low / 250).toBeLessThan(1.25);
  surprise.judge(own, [1e-12], true);
  expect(surprise.score).toBeLessThan(1e-5);
});

test('it says whether the row alone is the evidence, or the last ten', () => {
  const random = chance(3);
  const surprise = new SurpriseOf(10_000);
  const own = rowOf(surpriseLayout);
  surprise.init(own);
  for (let i = 0; i < 3000; i++) surprise.judge(own, [1 - random()], true);
  surprise.judge(own, [1e-9], true);
  expect(surprise.rows).toBe(1);
  expect(surprise.alone).toBe(surprise.evidence);
  for (let i = 0; i < 8; i++) surprise.judge(own, [0.05], true);
  expect(surprise.rows).toBe(10);
  expect(surprise.alone).toBeLessThan(surprise.evidence);
});

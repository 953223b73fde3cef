import { expect, test } from 'vitest';
import { discover, discoveriesLayout, levelOf } from '../../../operators/evidence/discoveries.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

test('levels fall with the tests, never to nothing, and a discovery earns more', () => {
  const own = rowOf(discoveriesLayout);
  const first = levelOf(own, 0.1);
  own.tests[0] = 1e9;
  const floor = levelOf(own, 0.1);
  expect(floor).toBeLessThan(first);
  expect(floor).toBeCloseTo(1e-6, 12);
  discover(own);
  own.tests[0] += 10;
  expect(levelOf(own, 0.1)).toBeGreaterThan(50 * floor);
});

test('of what is discovered at most the share that was asked for is false, and most of what is there is found', () => {
  const random = chance(11);
  let falseOnes = 0;
  let found = 0;
  let there = 0;
  for (let run = 0; run < 20; run++) {
    const own = rowOf(discoveriesLayout);
    for (let i = 0; i < 20_000; i++) {
      own.tests[0]++;
      const real = random() < 0.002;
      const p = real ? 1e-7 * random() : 1 - random();
      if (real) there++;
      if (p > levelOf(own, 0.1)) continue;
      discover(own);
      if (real) found++;
      else falseOnes++;
    }
  }
  expect(falseOnes / (falseOnes + found)).toBeLessThan(0.1);
  expect(found / there).toBeGreaterThan(0.9);
});

import { expect, test } from 'vitest';
import { ladderLayout, learnLadder, type Rungs, recalibrate } from '../../../operators/evidence/ladder.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

const rungs: Rungs = { count: 8, highest: 1 / 3, reach: 1 / 3, goOn: [1 / 3], belief: 20, memoryRows: 1e6 };

test('without experience a share stays what it is, and larger shares stay larger', () => {
  const own = rowOf(ladderLayout(rungs));
  for (const share of [1, 0.5, 1 / 3, 0.1, 1e-3, 1e-7])
    expect(recalibrate(own, share, rungs) / share).toBeCloseTo(1, 9);
});

test('what goes on may differ from level to level, the last holding for all further ones', () => {
  const own = rowOf(ladderLayout(rungs));
  const believed: Rungs = { ...rungs, reach: 0.2, goOn: [0.1, 0.5] };
  const [first, second, third, fourth] = [1, 2, 3, 4].map((i) => recalibrate(own, 3 ** -i, believed));
  expect(first).toBeCloseTo(0.2, 12);
  expect(second).toBeCloseTo(0.2 * 0.1, 12);
  expect(third).toBeCloseTo(0.2 * 0.1 * 0.5, 12);
  expect(fourth).toBeCloseTo(0.2 * 0.1 * 0.5 * 0.5, 12);
});

test('shares that are wrong become what they are', () => {
  // Half as rare as it is said, and rarer than it is said.
  for (const wrong of [(p: number) => p ** 1.3, (p: number) => p ** 0.7]) {
    const own = rowOf(ladderLayout(rungs));
    const random = chance(3);
    let below = 0;
    for (let i = 0; i < 100_000; i++) {
      const share = wrong(1 - random());
      if (i >= 50_000 && recalibrate(own, share, rungs) <= 0.01) below++;
      learnLadder(own, share, rungs);
    }
    expect(below / 500).toBeGreaterThan(0.85);
    expect(below / 500).toBeLessThan(1.15);
    const shares = [1, 0.4, 0.3, 0.2, 0.05, 0.01, 1e-4, 1e-6].map((share) => recalibrate(own, share, rungs));
    expect(shares.toSorted((a, b) => b - a)).toEqual(shares);
  }
});

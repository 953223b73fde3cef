import { expect, test } from 'vitest';
import { NoveltyOf, noveltyKinds, noveltyLayout } from '../../../operators/evidence/novelty.js';
import { incidentLayout } from '../../../operators/evidence/trust.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

const calm = rowOf(incidentLayout);

/** Newness of a noisy daily curve whose rows from 2000 on are changed; its forecasts are the curve. */
function newest(change: (expected: number, noise: number, i: number) => number): number {
  const z = normal(chance(3));
  const own = rowOf(noveltyLayout);
  const novelty = new NoveltyOf();
  let most = 0;
  for (let i = 0; i < 2100; i++) {
    const expected = 10 * Math.sin((2 * Math.PI * i) / 96);
    const noise = 0.5 * z();
    const value = i < 2000 ? expected + noise : change(expected, noise, i);
    novelty.judge(own, value, value - expected, 0.5);
    novelty.learn(own, calm);
    if (i >= 2000) most = Math.max(most, novelty.newness);
  }
  return most;
}

test('a spike, a shift, a lost rest, a wider spread and a curve out of step are new; more of the same is not', () => {
  expect(newest((expected, noise) => expected + noise)).toBeLessThan(1.5);
  expect(newest((expected, noise, i) => expected + noise + (i === 2050 ? 30 : 0))).toBeGreaterThan(4);
  expect(newest((expected, noise) => expected + noise + 5)).toBeGreaterThan(4);
  expect(newest((expected, noise) => Math.max(0, expected) + noise)).toBeGreaterThan(2);
  expect(newest((expected, noise) => expected + 10 * noise)).toBeGreaterThan(2);
  expect(newest((expected, noise) => -expected + noise)).toBeGreaterThan(2);
});

test('the unit of the values does not matter', () => {
  const told = (unit: number) => {
    const z = normal(chance(5));
    const own = rowOf(noveltyLayout);
    const novelty = new NoveltyOf();
    return Array.from({ length: 1000 }, () => {
      const x = unit * z();
      novelty.judge(own, x, x, 0.1);
      novelty.learn(own, calm);
      return novelty.newness;
    });
  };
  // Up to the rounding of a logarithm.
  const small = told(1);
  for (const [i, big] of told(1024).entries()) expect(big).toBeCloseTo(small[i]!, 9);
});

test('one row that its forecast missed is new for itself, within the range of values, and no news of what lasts', () => {
  const z = normal(chance(7));
  const own = rowOf(noveltyLayout);
  const novelty = new NoveltyOf();
  for (let i = 0; i < 2000; i++) {
    const expected = 20 * Math.sin((2 * Math.PI * i) / 96);
    novelty.judge(own, expected + z(), z(), 0.5);
    novelty.learn(own, calm);
  }
  novelty.judge(own, 0, 8, 0.5);
  expect(novelty.parts[noveltyKinds.indexOf('single error')]).toBeGreaterThan(2);
  expect(novelty.newness).toBeGreaterThan(novelty.lasting + 2);
  expect(novelty.unprecedented).toBe(novelty.lasting);
  novelty.skip();
  expect([novelty.newness, novelty.lasting, novelty.unprecedented, Math.max(...novelty.parts)]).toEqual([0, 0, 0, 0]);
});

test('a constant that moved once is known to be flat when it rests again', () => {
  const own = rowOf(noveltyLayout);
  const novelty = new NoveltyOf();
  const spread = noveltyKinds.indexOf('spread');
  let newest = 0;
  for (let i = 0; i < 1500; i++) {
    novelty.judge(own, i === 1000 ? 6 : 5, i === 1000 ? 1 : 0, 0.5);
    novelty.learn(own, calm);
    newest = Math.max(newest, novelty.parts[spread] as number);
  }
  expect(newest).toBe(0);
});

import { expect, test } from 'vitest';
import { sdrClassifier } from '../../models/sdr-classifier.js';
import { Slab } from '../../state/slab.js';

function classifierOf(horizons: readonly number[], rate = 0.1, whole = false) {
  const classifier = sdrClassifier({ rows: 50, activeMax: 4, horizons, buckets: 8, rate, whole });
  const slab = new Slab(classifier.layout);
  return { classifier, own: slab.row(slab.add()) };
}

test('without features every bucket is as likely', () => {
  const { classifier, own } = classifierOf([1]);
  classifier.keep(own, 0, [], 0);
  expect([...classifier.read(own, 0, 0)]).toEqual(Array(8).fill(1 / 8));
});

test('one step is that of multinomial logistic regression', () => {
  const { classifier, own } = classifierOf([1], 0.5);
  classifier.keep(own, 0, [3, 7], 2);
  classifier.learn(own, 1, 2, 0.25);
  classifier.keep(own, 1, [3, 7], 2);
  // Two rows, each moved by half the error: the sums move by the error.
  const logits = Array.from({ length: 8 }, (_, b) => -1 / 8 + (b === 2 ? 0.75 : b === 3 ? 0.25 : 0));
  const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
  const share = classifier.read(own, 1, 0);
  logits.forEach((x, b) => {
    expect(share[b]).toBeCloseTo(Math.exp(x) / total, 6);
  });
});

test('learns what follows at every horizon', () => {
  const { classifier, own } = classifierOf([1, 3]);
  for (let t = 0; t < 3000; t++) {
    const phase = t % 5;
    if (t > 0) classifier.learn(own, t, phase, 0);
    classifier.keep(own, t, [phase, 10 + phase, 20 + phase], 3);
  }
  const now = 2999 % 5;
  expect(classifier.read(own, 2999, 0)[(now + 1) % 5]).toBeGreaterThan(0.95);
  expect(classifier.read(own, 2999, 1)[(now + 3) % 5]).toBeGreaterThan(0.95);
});

test('told whole, steps shrink with the rows that a feature has been active in, and what is new is learned at once', () => {
  const { classifier, own } = classifierOf([1], 0.1, true);
  for (let t = 0; t < 3000; t++) {
    // One thing or another by chance: in the long run each is half.
    if (t > 0) classifier.learn(own, t, Math.imul(t, 0x9e3779b1) >>> 31 === 0 ? 1 : 6, 0);
    classifier.keep(own, t, [3, 7], 2);
  }
  const known = classifier.read(own, 2999, 0);
  expect(Math.abs(known[1] - known[6])).toBeLessThan(0.15);
  classifier.keep(own, 3000, [20, 21], 2);
  classifier.learn(own, 3001, 4, 0);
  classifier.keep(own, 3001, [20, 21], 2);
  const fresh = classifier.read(own, 3001, 0)[4];
  classifier.keep(own, 3001, [3, 7], 2);
  expect(fresh).toBeGreaterThan(0.2);
  expect(classifier.read(own, 3001, 0)[4]).toBeLessThan(0.02);
});

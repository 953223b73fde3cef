import { describe, expect, test } from 'vitest';
import { classDistribution } from '../../models/class-distribution.js';
import { headLevels } from '../../models/head.js';
import { Slab } from '../../state/slab.js';
import { chance, normal } from '../chance.js';

const distribution = classDistribution([1, 3]);
function fresh() {
  const slab = new Slab(distribution.layout);
  return slab.row(slab.add());
}
type Own = ReturnType<typeof fresh>;

function quantiles(own: Own, share: Float64Array, h = 0): number[] {
  const out = new Float64Array(headLevels.length + 1);
  distribution.quantiles(own, h, 0, share, out, 1);
  return [...out.subarray(1)];
}

/** Mass below a place, by counting: each class over its own width, the outer halves of the end classes as exponentials. */
function massBelow(share: Float64Array, place: number): number {
  const last = share.length - 1;
  return share.reduce((sum, mass, b) => {
    const inner = Math.max(0, Math.min(b === last ? 0.5 : 1, place - Math.max(0, b - 0.5) + (b === 0 ? 0.5 : 0)));
    if (b === 0 && place < 0) return sum + (mass / 2) * Math.exp(2 * place);
    if (b === last && place > last) return sum + mass / 2 + (mass / 2) * (1 - Math.exp(-2 * (place - last)));
    return sum + mass * inner;
  }, 0);
}

const random = chance(11);
function sharesOf(count: number): Float64Array {
  const raw = Array.from({ length: count }, () => (random() < 0.3 ? 0 : random() ** 4));
  const sum = raw.reduce((all, x) => all + x, 0) || 1;
  return Float64Array.from(raw, (x) => x / sum);
}

test('before anything has come, quantiles have the mass of the classes below them', () => {
  const own = fresh();
  for (let trial = 0; trial < 50; trial++) {
    const share = sharesOf(8);
    quantiles(own, share).forEach((place, l) => void expect(massBelow(share, place)).toBeCloseTo(headLevels[l], 9));
  }
});

test('quantiles ascend and are finite whatever the shares and whatever came', () => {
  const own = fresh();
  const wild = [Float64Array.of(1, 0, 0, 0), Float64Array.of(0, 0, 0, 1), Float64Array.of(0.5, 0, 0, 0.5)];
  for (let trial = 0; trial < 400; trial++) {
    const share = trial % 5 === 0 ? wild[(trial / 5) % 3] : sharesOf(4);
    const told = quantiles(own, share);
    expect(told.every(Number.isFinite), `trial ${trial}`).toBe(true);
    expect(told, `trial ${trial}`).toEqual([...told].sort((a, b) => a - b));
    const place = 3 * random();
    expect(Number.isFinite(distribution.surprise(own, 0, share, 40 * place - 60))).toBe(true);
    distribution.learn(own, 0, 1, place);
  }
});

describe('held to what it promises', () => {
  const peaks = new Float64Array(32);
  for (const [b, mass] of [
    [7, 0.1],
    [8, 0.3],
    [9, 0.1],
    [23, 0.1],
    [24, 0.3],
    [25, 0.1],
  ])
    peaks[b] = mass;
  const own = fresh();
  for (let t = 0; t < 3000; t++) {
    quantiles(own, peaks);
    distribution.learn(own, 0, 1, (random() < 0.5 ? 8 : 24) + 0.05 * normal(random));
  }

  test('too wide a one is narrowed about each of its peaks', () => {
    const told = quantiles(own, peaks);
    headLevels.forEach((level, l) => {
      if (level < 0.02 || level > 0.98 || Math.abs(level - 0.5) < 0.04) return;
      expect(Math.abs(told[l] - (level < 0.5 ? 8 : 24)), `level ${level}`).toBeLessThan(0.3);
    });
  });

  test('what it learned of one horizon it does not say of another', () => {
    expect(quantiles(own, peaks, 1)).toEqual(quantiles(fresh(), peaks));
    expect(quantiles(own, peaks, 1)).not.toEqual(quantiles(own, peaks));
  });

  test('its density has a mass of one, and is highest where values came', () => {
    let mass = 0;
    const step = 0.001;
    for (let at = -10; at < 42; at += step)
      mass += step * Math.exp(-distribution.surprise(own, 0, peaks, at + step / 2));
    expect(mass).toBeCloseTo(1, 2);
    const [on, beside, between] = [8, 8.8, 16].map((place) => distribution.surprise(own, 0, peaks, place));
    expect(on).toBeLessThan(beside - 1);
    expect(beside).toBeLessThan(between - 5);
  });
});

test('what came is held against what was said for its row, however many rows ago and wherever its classes are now', () => {
  const [one, other] = [fresh(), fresh()];
  const out = new Float64Array(headLevels.length);
  const share = Float64Array.of(0.1, 0.4, 0.3, 0.2);
  const later = Float64Array.of(0.7, 0.1, 0.1, 0.1);
  for (const [t, now] of [share, later, later].entries()) distribution.quantiles(one, 1, t, now, out, 0);
  distribution.quantiles(other, 1, 0, share, out, 0);
  distribution.move(other, 2, 5);
  // Row 3 is that of row 0: the horizon is 3 rows.
  distribution.learn(one, 1, 3, 1.25);
  distribution.learn(other, 1, 3, 7.5);
  expect([...one.excess]).toEqual([...other.excess]);
  expect(one.labels[1]).toBe(1);
  // Nothing was said for row 1 of the first horizon.
  distribution.learn(one, 0, 1, 1.25);
  expect(one.labels[0]).toBe(0);
});

import { describe, expect, test } from 'vitest';
import { densityHead } from '../../models/density-head.js';
import { headLevels, signs } from '../../models/head.js';
import { Slab } from '../../state/slab.js';
import { noise } from './lab.js';

const head = densityHead(3)(2);

/** A head of two forecasts whose weights are random, and signs to look at. */
function placed() {
  const slab = new Slab(head.layout);
  const own = slab.row(slab.add());
  head.start(own);
  [own.share, own.mean, own.deviation].forEach((part, p) => {
    noise(part.length, p + 1).forEach((u, i) => {
      part[i] += 0.2 * u;
    });
  });
  return { own, x: Float64Array.from([0, 1, ...noise(signs - 1, 9)]), slab };
}
const density = (own: ReturnType<typeof placed>['own'], x: Float64Array, r: number) =>
  Math.exp(-head.surprise(own, 1, x, 1, r));

describe('a mixture of densities', () => {
  test('is a density, and its quantiles are those of its integral', () => {
    const { own, x, slab } = placed();
    const out = new Float64Array(2 + headLevels.length);
    head.quantiles(own, 1, x, 1, out, 2);
    const quantiles = out.subarray(2);
    const step = 0.001;
    let mass = 0;
    let l = 0;
    for (let r = -30; r < 30; r += step) {
      mass += step * density(own, x, r + step / 2);
      while (l < headLevels.length && mass >= headLevels[l]) {
        // Straight lines between some forty points: near in value, or in probability where the function is flat.
        const near = Math.abs(quantiles[l] - r) < 0.06 || density(own, x, r) * Math.abs(quantiles[l] - r) < 0.006;
        expect(near, `level ${headLevels[l]}: ${quantiles[l]} where ${r} is right`).toBe(true);
        l++;
      }
    }
    expect(mass).toBeCloseTo(1, 4);
    expect(l).toBe(headLevels.length);
    expect([...quantiles]).toEqual([...quantiles].sort((a, b) => a - b));
    slab.free();
  });

  test('learns along its gradient, each kind of weight in its natural units', () => {
    const { own, x, slab } = placed();
    const r = 0.7;
    const slope = (part: Float64Array, i: number): number => {
      const kept = part[i];
      const at = (value: number) => {
        part[i] = value;
        return head.surprise(own, 1, x, 1, r);
      };
      const found = (at(kept + 1e-5) - at(kept - 1e-5)) / 2e-5;
      part[i] = kept;
      return found;
    };
    const parts = [own.share, own.mean, own.deviation];
    const slopes = parts.map((part) => Array.from(part, (_, i) => slope(part, i)));
    const before = parts.map((part) => Float64Array.from(part));
    const w = (k: number) => (3 + k) * signs;
    const sigma = [0, 1, 2].map((k) => {
      let log = 0;
      for (let j = 0; j < signs; j++) log += own.deviation[w(k) + j] * x[1 + j];
      return Math.exp(log);
    });
    head.learn(own, 1, x, 1, r);
    const square = x.slice(1).reduce((sum, sign) => sum + sign * sign, 1);
    const rate = (2 * 0.6) / 3 / square; // 0.6/sqrt(1 + 8)
    // Shares and deviations step down the slope (the latter by half of it), means by the slope times their variance.
    parts.forEach((part, p) => {
      part.forEach((value, i) => {
        const k = Math.floor(i / signs) - 3;
        const natural = p === 0 ? 1 : p === 1 ? (sigma[k] ?? 0) ** 2 : 0.5;
        expect(value - before[p][i]).toBeCloseTo(-rate * natural * slopes[p][i], 6);
      });
    });
    // The other forecast's weights are as they were.
    expect(own.mean.slice(0, w(0))).toEqual(before[1].slice(0, w(0)));
    slab.free();
  });

  test('one component and one sign are a running mean and deviation', () => {
    const plain = densityHead(1, 1)(1);
    const slab = new Slab(plain.layout);
    const own = slab.row(slab.add());
    plain.start(own);
    const x = Float64Array.from([1, ...noise(signs - 1, 3)]);
    for (const u of noise(8000, 4)) plain.learn(own, 0, x, 0, 3 + 2 * u);
    // Uniform on ±2: deviation 2/sqrt(3).
    expect(own.mean[0]).toBeCloseTo(3, 0);
    expect(Math.exp(own.deviation[0])).toBeCloseTo(2 / Math.sqrt(3), 0);
    slab.free();
  });
});

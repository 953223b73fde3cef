import { describe, expect, test } from 'vitest';
import { headLevels, signs } from '../../models/head.js';
import { densityAt, quantileHead } from '../../models/quantile-head.js';
import { Slab } from '../../state/slab.js';
import { noise } from './lab.js';

const head = quantileHead(1);

describe('the quantile head', () => {
  test('comes to the quantiles of what it is shown, and to those that hang on a sign', () => {
    const slab = new Slab(head.layout);
    const own = slab.row(slab.add());
    head.start(own);
    const x = new Float64Array(signs);
    x[0] = 1;
    // Uniform on ±1 where the sign is down, on ±3 where it is up.
    noise(12_000, 1).forEach((u, t) => {
      x[4] = t % 2;
      head.learn(own, 0, x, 0, (1 + 2 * x[4]) * u);
    });
    const out = new Float64Array(headLevels.length);
    for (const [sign, reach] of [
      [0, 1],
      [1, 3],
    ]) {
      x[4] = sign;
      head.quantiles(own, 0, x, 0, out, 0);
      headLevels.forEach((level, l) => {
        if (level < 0.025 || level > 0.975) return;
        expect(Math.abs(out[l] - reach * (2 * level - 1)), `level ${level}, ±${reach}`).toBeLessThan(0.15 * reach);
      });
    }
    slab.free();
  });

  test('what it takes a density to be has the mass one', () => {
    const quantiles = Float64Array.from(headLevels, (level) => 4 * (level - 0.3) ** 3);
    let mass = 0;
    for (let r = -3; r < 5; r += 0.0005) mass += 0.0005 * densityAt(quantiles, r);
    expect(mass).toBeGreaterThan(0.9);
    expect(mass).toBeLessThan(1.15);
  });
});

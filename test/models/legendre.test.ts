import { describe, expect, test } from 'vitest';
import { legendre, legendreStep } from '../../models/legendre.js';
import { rls } from '../../models/rls.js';
import { errors, expectFinite, expectSeparateChannels, noise } from './lab.js';

/** P_0 .. P_n-1 at x, by Bonnet's recursion. */
function polynomials(n: number, x: number): number[] {
  const p = [1, x];
  for (let k = 1; k < n - 1; k++) p.push(((2 * k + 1) * x * p[k] - k * p[k - 1]) / (k + 1));
  return p;
}

describe('the Legendre recurrence', () => {
  test.each([
    [8, 24],
    [24, 300],
  ])('of order %i holds the last %i values of a smooth signal', (n, rows) => {
    const step = legendreStep(n, rows);
    const u = (t: number) => Math.sin((2 * Math.PI * t) / rows) + 0.5 * Math.cos((5 * t) / rows);
    let m = new Array<number>(n).fill(0);
    const now = 3 * rows;
    for (let t = 0; t <= now; t++) {
      const old = [...m, u(t)];
      m = m.map((_, i) => old.reduce((sum, x, j) => sum + step[i * (n + 1) + j] * x, 0));
    }
    for (let share = 0.05; share < 1; share += 0.15) {
      const past = polynomials(n, 2 * share - 1).reduce((sum, p, i) => sum + p * m[i], 0);
      // Held over a row, the input lags by half of one.
      expect(past).toBeCloseTo(u(now + 0.5 - share * rows), 1);
    }
  });
});

const build = (channels: number) => legendre({ channels, horizons: [1, 6, 24] });
const hints = { scale: [1], periods: [24, 168] };

describe('the memory', () => {
  test('sees a season longer than 96 values, as an autoregression on them does not', () => {
    const rows = noise(5000, 8).map((u, t) => [Math.sin((2 * Math.PI * t) / 168) ** 3 + 0.3 * u]);
    const mine = errors(build(1), rows, hints, 3500);
    const plain = errors(rls({ channels: 1, horizons: [1, 6, 24] }), rows, hints, 3500);
    for (const error of mine) expect(error).toBeLessThan(0.17); // 0.15 is the noise
    expect(mine[2]).toBeLessThan(plain[2]);
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, hints.periods));
});

import { describe, expect, test } from 'vitest';
import { rls } from '../../models/rls.js';
import { sarimax } from '../../models/sarimax.js';
import { seasonalNaive } from '../../models/seasonal-naive.js';
import { errors, expectFinite, noise } from './lab.js';

const horizons = [1, 6];
const build = (channels: number) => sarimax({ channels, horizons });

describe('the SARIMAX-class baseline', () => {
  test('learns the airline model nearly as well as one that knows it', () => {
    // (1 - B)(1 - B^24) y = (1 - 0.4 B)(1 - 0.6 B^24) u: one row ahead the best error is that of u, 1/2.
    const u = noise(9000, 5);
    const y: number[] = [];
    const at = (list: number[], t: number) => (t < 0 ? 0 : list[t]);
    u.forEach((_, t) => {
      const noises = u[t] - 0.4 * at(u, t - 1) - 0.6 * at(u, t - 24) + 0.24 * at(u, t - 25);
      y.push(at(y, t - 1) + at(y, t - 24) - at(y, t - 25) + noises);
    });
    const rows = y.map((value) => [value]);
    const hints = { scale: [16], periods: [24] };
    const [mine] = errors(build(1), rows, hints, 5000);
    const [naive] = errors(seasonalNaive({ channels: 1, horizons }), rows, hints, 5000);
    expect(mine).toBeGreaterThan(0.49);
    expect(mine).toBeLessThan(0.54);
    expect(naive).toBeGreaterThan(0.65);
  });

  test('sees another channel of its key that leads, also one that began later and has another size', () => {
    const [leader, wobble] = [noise(4000, 6), noise(4000, 7)];
    const rows = wobble.map((u, t) => [(t > 0 ? leader[t - 1] : 0) + 0.2 * u, t < 70 ? Number.NaN : 1e6 * leader[t]]);
    const hints = { scale: [1, 2 ** 19], periods: [] };
    const [mine] = errors(build(2), rows, hints, 2000);
    const [alone] = errors(rls({ channels: 2, horizons }), rows, hints, 2000);
    expect(mine).toBeLessThan(0.13); // 0.1 is the noise
    expect(alone).toBeGreaterThan(0.45);
  });

  test('works with more channels than it looks at', () => {
    const rows = noise(300, 8).map((u, t) => Array.from({ length: 9 }, (_, c) => Math.sin(t / 4 + c) + 0.1 * u));
    const [error] = errors(build(9), rows, { scale: rows[0].map(() => 1), periods: [25] }, 200);
    expect(error).toBeLessThan(0.2);
  });
  test('stays finite on rough input', () => {
    expectFinite(build(1), [24, 168]);
    expectFinite(build(2), [24, 168]);
  });
});

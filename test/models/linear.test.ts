import { describe, expect, test } from 'vitest';
import { linear } from '../../models/linear.js';
import { rls } from '../../models/rls.js';
import { seasonalNaive } from '../../models/seasonal-naive.js';
import { Bench, errors, expectFinite, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 6, 24];
const build = (channels: number) => linear({ channels, horizons });
const hints = { scale: [1], periods: [24, 168] };

describe('the decomposed linear memory', () => {
  test('begins as the last value', () => {
    const bench = new Bench(build(1));
    for (const value of [4, 7, 5, 9]) {
      const { mean } = bench.step([value], { scale: [2], periods: [] });
      for (const forecast of mean) expect(forecast).toBeCloseTo(value, 9);
    }
    bench.close();
  });

  test('on two sharp seasons and a wandering level it is near the noise, and ahead of each half alone', () => {
    let level = 0;
    const [steps, wobble] = [noise(6000, 2), noise(6000, 3)];
    const rows = wobble.map((u, t) => {
      level += 0.05 * steps[t];
      return [level + (t % 24 < 6 ? 2 : 0) + (t % 168 > 120 ? 1.5 : 0) + 0.3 * u];
    });
    const [mine, plain, naive] = [
      build(1),
      rls({ channels: 1, horizons }),
      seasonalNaive({ channels: 1, horizons }),
    ].map((model) => errors(model, rows, hints, 3000));
    expect(mine[0]).toBeLessThan(0.23); // 0.15 is the noise
    mine.forEach((error, i) => void expect(error).toBeLessThan(0.95 * Math.min(plain[i], naive[i])));
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, hints.periods));
});

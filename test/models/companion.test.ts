import { describe, expect, test } from 'vitest';
import { companion } from '../../models/companion.js';
import { rls } from '../../models/rls.js';
import { Bench, errors, expectFinite, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 4, 24];
const build = (channels: number) => companion({ channels, horizons });
const hints = { scale: [2], periods: [] };

/** y_t = 1.6 y_t-1 - 0.8 y_t-2 + u. */
function wobble(rows: number, seed: number): number[][] {
  const x = [0, 0];
  for (const u of noise(rows, seed)) x.push(1.6 * (x.at(-1) as number) - 0.8 * (x.at(-2) as number) + u);
  return x.map((value) => [value]);
}

describe('the companion state space', () => {
  test('goes on with its own forecasts: iterating its one-row weights by hand gives the same', () => {
    const bench = new Bench(build(1));
    const rows = wobble(600, 4);
    let mean: Float64Array = new Float64Array(3);
    for (const row of rows) mean = bench.step(row, hints).mean;
    const own = bench.own.row(0) as unknown as {
      c0: { part: { next: { squares: { weights: Float64Array } } } };
    };
    const { weights } = own.c0.part.next.squares;
    const past = rows.map(([value]) => value);
    for (let h = 1; h <= 24; h++) {
      const now = past.at(-1) as number;
      let next = now + weights[96] * 0.1 * 2;
      for (let j = 1; j <= 96; j++) next += weights[j - 1] * ((past.at(-1 - j) as number) - now);
      past.push(next);
      const i = horizons.indexOf(h);
      if (i >= 0) expect(mean[i]).toBeCloseTo(next, 9);
    }
    bench.close();
  });

  test('far ahead on an autoregression it is ahead of direct least squares', () => {
    const [mine, direct] = [build(1), rls({ channels: 1, horizons })].map((model) =>
      errors(model, wobble(1500, 9), hints, 500),
    );
    expect(mine[0]).toBeCloseTo(direct[0], 9); // the first row is the same regression
    expect(mine[2]).toBeLessThan(direct[2]);
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, []));
});

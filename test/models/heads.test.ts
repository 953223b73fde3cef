import { describe, expect, test } from 'vitest';
import { type MemoryName, memories, memoryOf } from '../../models/catalog.js';
import { headLevels } from '../../models/head.js';
import { type HeadName, heads, withHead } from '../../models/heads.js';
import { lastValue } from '../../models/last-value.js';
import { linear } from '../../models/linear.js';
import { mixture } from '../../models/mixture.js';
import type { Model } from '../../models/model.js';
import { chance, normal } from '../chance.js';
import { Bench, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

const names = Object.keys(heads) as HeadName[];

/** Mean surprise and mean pinball loss one row ahead, over the second half. */
function scores(head: HeadName, series: readonly number[]): { nll: number; pinball: number } {
  const bench = new Bench(withHead(linear({ channels: 1, horizons: [1] }), head));
  let [nll, pinball, count] = [0, 0, 0];
  let told: Float64Array = new Float64Array(0);
  series.forEach((y, t) => {
    const { surprise, quantiles } = bench.step([y], { scale: [1], periods: [] });
    if (t > series.length / 2) {
      nll += surprise;
      headLevels.forEach((level, l) => {
        pinball += (y >= told[l] ? level * (y - told[l]) : (1 - level) * (told[l] - y)) / headLevels.length;
      });
      count++;
    }
    told = quantiles as Float64Array;
  });
  bench.close();
  return { nll: nll / count, pinball: pinball / count };
}

describe('against the Gaussian head', () => {
  const random = chance(8);
  const stream = (step: (last: number) => number): number[] => {
    let last = 0;
    return Array.from({ length: 5000 }, () => {
      last = step(last);
      return last;
    });
  };
  const forked = stream((last) => 0.7 * last + (random() < 0.5 ? -1 : 1) + 0.2 * normal(random));
  const widening = stream((last) => 0.7 * last + (0.2 + 0.4 * Math.abs(last)) * normal(random));
  const plain = stream((last) => 0.7 * last + normal(random));

  test.each([
    ['two peaks', forked, 0.6, 0.93],
    ['width that hangs on the value', widening, 0.05, 0.975],
  ] as const)('%s: density and quantile are ahead by far', (_, series, nats, share) => {
    const [gaussian, density, quantile] = names.map((name) => scores(name, series));
    expect(density.nll).toBeLessThan(gaussian.nll - nats);
    expect(density.pinball).toBeLessThan(share * gaussian.pinball);
    expect(quantile.nll).toBeLessThan(gaussian.nll - nats / 2);
    expect(quantile.pinball).toBeLessThan(share * gaussian.pinball);
  });

  test('on plain noise they lose next to nothing', () => {
    const [gaussian, density, quantile] = names.map((name) => scores(name, plain));
    expect(density.nll).toBeLessThan(gaussian.nll + 0.04);
    expect(density.pinball).toBeLessThan(1.01 * gaussian.pinball);
    expect(quantile.pinball).toBeLessThan(1.01 * gaussian.pinball);
  });
});

test.each(names)(
  'default with the head %s forecasts what it forecast without, and goes on after every restart',
  (name) => {
    const hints = { scale: [1], periods: [12] };
    const bare = new Bench(mixture({ channels: 1, horizons: [1, 3] }) as unknown as Model);
    const headed = withHead(mixture({ channels: 1, horizons: [1, 3] }) as unknown as Model, name);
    const bench = new Bench(headed);
    const rows = noise(300, 9).map((u, t) => [Math.abs(3 * Math.sin(t / 2) + u)]);
    for (const row of rows) expect([...bench.step(row, hints).mean]).toEqual([...bare.step(row, hints).mean]);
    bare.close();
    bench.close();
    expectRestartable(headed, rows.slice(0, 120), hints, 40);
  },
);

describe.each(names)('a memory with the head %s', (name) => {
  const build = (channels: number) => withHead(lastValue({ channels, horizons: [1, 3] }), name);
  test('forecasts what it forecast without', () => {
    const [bare, headed] = [new Bench(lastValue({ channels: 1, horizons: [1, 3] })), new Bench(build(1))];
    for (const u of noise(60, 2)) {
      const hints = { scale: [1], periods: [] };
      const { mean, quantiles } = headed.step([u], hints);
      expect([...mean]).toEqual([...bare.step([u], hints).mean]);
      expect(quantiles).toHaveLength(2 * headLevels.length);
    }
    bare.close();
    headed.close();
  });
  test('goes on with the same bits after every restart', () => {
    const two = noise(300, 6).map((u, t) => [u, t % 13 === 0 ? Number.NaN : 3 * u + t / 50]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: [24] }, 60);
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24]));
  test('keeps channels apart', () => expectSeparateChannels(build, [24]));
  test('looks back only', () =>
    expectCausal(
      build(1),
      noise(400, 7).map((u) => [u]),
      { scale: [1], periods: [] },
    ));
});

test('every head goes on every memory, also on those that make distributions of their own', () => {
  const random = chance(3);
  const series = Array.from({ length: 60 }, (_, t) => Math.sin(t / 4) + 0.1 * random());
  for (const memory of Object.keys(memories) as MemoryName[]) {
    for (const head of names) {
      const bench = new Bench(withHead(memoryOf(memory, { channels: 1, horizons: [1, 3] }), head));
      let last: ArrayLike<number> = [];
      for (const y of series) last = bench.step([y], { scale: [1], periods: [] }).quantiles as Float64Array;
      bench.close();
      expect(
        Array.from(last).every((q) => Number.isFinite(q)),
        `${memory} with ${head}`,
      ).toBe(true);
    }
  }
}, 30_000);

import { describe, expect, test } from 'vitest';
import { htm } from '../../models/htm.js';
import { mixture } from '../../models/mixture.js';
import { mixtureHtm } from '../../models/mixture-htm.js';
import type { Model, Prediction } from '../../models/model.js';
import { chance } from '../chance.js';
import { Bench, expectRestartable, noise } from './lab.js';

const horizons = [1, 5];
const build = (make: (options: { channels: number; horizons: readonly number[] }) => unknown, channels = 1) =>
  make({ channels, horizons }) as Model;
const hints = { scale: [1, 1], periods: [24] };
const wave = noise(400, 7).map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u, u]);

/** Two words of numbers that only the third of their seven tells apart, after random numbers of random length. */
function branching(rows: number): number[] {
  const random = chance(5);
  const codes = Array.from({ length: 40 }, () => 10 * random());
  const words = [
    [0, 1, 2, 5, 6, 7, 8],
    [0, 1, 3, 5, 6, 7, 9],
  ];
  const out: number[] = [];
  while (out.length < rows) {
    for (const code of words[Math.floor(2 * random())]) out.push(codes[code]);
    for (let n = Math.floor(6 * random()); n >= 0; n--) out.push(codes[10 + Math.floor(30 * random())]);
  }
  return out.slice(0, rows);
}

describe('the mixture with an HTM', () => {
  test('its last member says what the HTM says, and the others what they say without it', () => {
    const [both, alone, plain] = [mixtureHtm, htm, mixture].map((make) => new Bench(build(make, 2)));
    const size = 2 * horizons.length;
    let heard = 0;
    for (const values of wave) {
      const [joined, guest, base] = [both, alone, plain].map((bench): Prediction => bench.step(values, hints));
      const members = joined.members as Float64Array;
      expect([...members.subarray(-size)]).toEqual([...guest.mean]);
      expect([...members.subarray(0, -size)]).toEqual([...(base.members as Float64Array)]);
      heard += joined.mean[0] === base.mean[0] ? 0 : 1;
    }
    expect(both.model.members?.at(-1)).toBe('htm');
    expect(heard).toBeGreaterThan(wave.length / 2);
    for (const bench of [both, alone, plain]) bench.close();
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    expectRestartable(build(mixtureHtm, 2), wave.slice(0, 200), hints, 40);
  });

  test('is better than the mixture alone where branching sequences decide', () => {
    const series = branching(3000);
    const miss = (make: typeof mixture | typeof mixtureHtm): number => {
      const bench = new Bench(make({ channels: 1, horizons: [1] }) as unknown as Model);
      let sum = 0;
      series.forEach((value, t) => {
        const { mean } = bench.step([value], { scale: [4], periods: [] });
        if (t >= 1500 && t + 1 < series.length) sum += Math.abs(mean[0] - series[t + 1]);
      });
      bench.close();
      return sum / (series.length - 1501);
    };
    const [joined, plain] = [miss(mixtureHtm), miss(mixture)];
    // A third of the rows are random, so neither can be good.
    expect(joined).toBeLessThan(0.9 * plain);
  });
});

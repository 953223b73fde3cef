import { describe, expect, test } from 'vitest';
import { lastValue } from '../../models/last-value.js';
import { seasonalNaive } from '../../models/seasonal-naive.js';
import { seasonalRls } from '../../models/seasonal-rls.js';
import { Bench, errors, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 5, 24];
const build = (channels: number) => seasonalRls({ channels, horizons });
const hints = { scale: [1], periods: [24, 168] };
const wobble = noise(3000, 7);
const wave = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

describe('seasonal autoregression', () => {
  test('learns a season whose level wanders better than its parts', () => {
    let level = 0;
    const week = noise(168, 21);
    const rows = noise(5000, 22).map((u, t) => {
      level = 0.95 * level + 0.2 * u;
      return [3 * week[t % 168] + level];
    });
    const options = { channels: 1, horizons: [1, 5] };
    const mine = errors(seasonalRls(options), rows, hints, 2000);
    const naive = errors(seasonalNaive(options), rows, hints, 2000);
    const last = errors(lastValue(options), rows, hints, 2000);
    // 0.1 is the mean |0.2 u|; the median of four cycles is not free of noise.
    expect(mine[0]).toBeLessThan(0.16);
    mine.forEach((error, i) => {
      expect(error).toBeLessThan(0.8 * naive[i]);
      expect(error).toBeLessThan(0.5 * last[i]);
    });
  });
  test('noise that comes only at some hours does not spoil the others', () => {
    const rows = noise(4000, 23).map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + (t % 24 < 6 ? 1 : 0.01) * u]);
    const bench = new Bench(seasonalRls({ channels: 1, horizons: [1] }));
    let calm = 0;
    let count = 0;
    let forecast = 0;
    rows.forEach(([value], t) => {
      if (t > 2000 && t % 24 >= 12) {
        calm += Math.abs(forecast - value);
        count++;
      }
      forecast = bench.step([value], { scale: [1], periods: [24] }).mean[0];
    });
    expect(calm / count).toBeLessThan(0.05);
  });
  test('a period found late is learned from the rows before it', () => {
    const late = errors(build(1), wave, (t) => ({ scale: [1], periods: t < 1000 ? [] : [24] }), 1030);
    expect(late).toEqual(errors(build(1), wave, { scale: [1], periods: [24] }, 1030));
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 900).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: hints.periods });
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, hints.periods));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 600), hints));
});

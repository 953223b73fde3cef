import { describe, expect, test } from 'vitest';
import { lastValue } from '../../models/last-value.js';
import { seasonalNaive } from '../../models/seasonal-naive.js';
import { Bench, errors, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 5, 24];
const build = (channels: number) => seasonalNaive({ channels, horizons });
const hints = { scale: [1], periods: [24] };
const wobble = noise(3000, 7);
const wave = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

describe('seasonal naive', () => {
  test('repeats the last cycle at every horizon', () => {
    const bench = new Bench(seasonalNaive({ channels: 1, horizons: [1, 23, 24, 25, 48, 50] }));
    for (let t = 0; t < 240; t++) {
      const { mean } = bench.step([t % 24], hints);
      if (t >= 100) expect([...mean]).toEqual([1, 23, 24, 25, 48, 50].map((h) => (t + h) % 24));
    }
  });
  test('takes the period with the least error, per horizon', () => {
    // The week has a shape of its own, the day has hardly one.
    const week = noise(168, 5);
    const rows = noise(2000, 6).map((u, t) => [week[t % 168] + 0.05 * u]);
    const both = errors(build(1), rows, { scale: [1], periods: [24, 168] }, 1000);
    const day = errors(build(1), rows, { scale: [1], periods: [24] }, 1000);
    expect(both.every((error) => error < 0.05)).toBe(true);
    expect(day.every((error) => error > 0.3)).toBe(true);
  });
  test('falls back to the last value where that is better, and where no period is known', () => {
    let level = 0;
    const walk = noise(2000, 8).map((u) => {
      level += u;
      return [level];
    });
    const naive = errors(lastValue({ channels: 1, horizons: [1] }), walk, hints, 500);
    expect(errors(seasonalNaive({ channels: 1, horizons: [1] }), walk, hints, 500)).toEqual(naive);
    expect(errors(seasonalNaive({ channels: 1, horizons: [1] }), walk, { scale: [1], periods: [] }, 0)).toEqual(
      errors(lastValue({ channels: 1, horizons: [1] }), walk, hints, 0),
    );
  });
  test('a period found late is judged by the rows before it', () => {
    const late = errors(build(1), wave, (t) => ({ scale: [1], periods: t < 1000 ? [] : [24] }), 1030);
    expect(late).toEqual(errors(build(1), wave, hints, 1030));
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 900).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: hints.periods });
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, hints.periods));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 600), hints));
});

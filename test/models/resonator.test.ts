import { describe, expect, test } from 'vitest';
import { lastValue } from '../../models/last-value.js';
import { resonator } from '../../models/resonator.js';
import { errors, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 5, 24];
const build = (channels: number) => resonator({ channels, horizons });
const hints = { scale: [1], periods: [24, 168] };
const wobble = noise(3000, 7);
const wave = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

describe('resonator bank', () => {
  test('learns a season and a trend: nearly the noise at every horizon', () => {
    const rows = noise(6000, 12).map((u, t) => [
      Math.sin((2 * Math.PI * t) / 24) + 0.6 * Math.cos((2 * Math.PI * t) / 168) + 0.0005 * t + 0.1 * u,
    ]);
    const mine = errors(build(1), rows, hints, 4000);
    const last = errors(lastValue({ channels: 1, horizons }), rows, hints, 4000);
    mine.forEach((error, i) => {
      expect(error).toBeLessThan(0.07); // 0.05 is the noise
      expect(error).toBeLessThan(last[i]);
    });
  });
  test('works as an autoregression while no period is known', () => {
    const mine = errors(build(1), wave, { scale: [1], periods: [] }, 2000);
    const last = errors(lastValue({ channels: 1, horizons }), wave, hints, 2000);
    expect(mine[0]).toBeLessThan(0.7 * last[0]);
    expect(mine[1]).toBeLessThan(0.3 * last[1]);
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 900).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: hints.periods });
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, hints.periods));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 600), hints));
});

import { describe, expect, test } from 'vitest';
import { lastValue } from '../../models/last-value.js';
import { rls } from '../../models/rls.js';
import { errors, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 5, 24];
const build = (channels: number) => rls({ channels, horizons });
const hints = { scale: [1], periods: [] };
const wobble = noise(3000, 7);
const wave = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

describe('least squares on lags', () => {
  test('learns an autoregression nearly as well as one that knows it', () => {
    const x = [0, 0];
    for (const u of noise(6000, 11)) x.push(1.6 * (x.at(-1) as number) - 0.8 * (x.at(-2) as number) + u);
    const rows = x.map((value) => [value]);
    const [error] = errors(rls({ channels: 1, horizons: [1] }), rows, { scale: [2], periods: [] }, 2000);
    // Mean of |u|, u uniform on -1 .. 1, is 1/2; 97 weights cost a few percent.
    expect(error).toBeGreaterThan(0.48);
    expect(error).toBeLessThan(0.53);
    const [last] = errors(lastValue({ channels: 1, horizons: [1] }), rows, { scale: [2], periods: [] }, 2000);
    expect(last).toBeGreaterThan(0.75);
  });
  test('beats the last value on a noisy sine at every horizon', () => {
    const mine = errors(build(1), wave, hints, 1000);
    const last = errors(lastValue({ channels: 1, horizons }), wave, hints, 1000);
    expect(mine[0]).toBeLessThan(0.065); // 0.05 is the noise
    expect(mine[1]).toBeLessThan(0.07);
    mine.forEach((error, i) => void expect(error).toBeLessThan(last[i]));
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 900).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: hints.periods });
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, hints.periods));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 600), hints));
});

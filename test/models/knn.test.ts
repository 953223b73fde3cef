import { describe, expect, test } from 'vitest';
import { knn, neighbours } from '../../models/knn.js';
import { lastValue } from '../../models/last-value.js';
import { slotOf } from '../../models/series.js';
import { f64 } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';
import { errors, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 5, 24];
const build = (channels: number) => knn({ channels, horizons });
const hints = { scale: [1], periods: [] };
const wobble = noise(3000, 7);
const wave = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

describe('nearest neighbours', () => {
  test('knows a pattern from one showing', () => {
    const pattern = noise(200, 31);
    // The pattern, then something else, then the pattern again.
    const rows = [...pattern, ...noise(300, 32), ...pattern].map((value) => [value]);
    const options = { channels: 1, horizons: [1, 5] };
    const again = errors(knn(options), rows, { scale: [1], periods: [] }, 500 + 60);
    const last = errors(lastValue(options), rows, { scale: [1], periods: [] }, 500 + 60);
    again.forEach((error, i) => void expect(error).toBeLessThan(0.7 * last[i]));
  });
  test('beats the last value on a noisy sine at every horizon', () => {
    const mine = errors(build(1), wave, hints, 1000);
    const last = errors(lastValue({ channels: 1, horizons }), wave, hints, 1000);
    expect(mine[2]).toBeLessThan(0.08); // 0.05 is the noise
    mine.slice(0, 2).forEach((error, i) => void expect(error).toBeLessThan(last[i]));
  });
  test('goes on when its ring is full, with the distances of a fresh memory', () => {
    const near = neighbours({ channels: 1, horizons: [1], width: 12, capacity: 256 });
    const slab = new Slab({ ...near.layout, ring: f64(256) });
    const row = slab.row(slab.add());
    near.start(row);
    const series = noise(3000, 33);
    series.forEach((value, t) => {
      row.ring[slotOf(row.ring, t)] = value;
      near.step(row, row.ring, t, 0);
      if (t < 300) return;
      const best = [...Array(240).keys()].map((i) => {
        let sum = 0;
        for (let j = 0; j < 12; j++) sum += row.recency[j] * (series[t - j] - series[t - j - i - 1]) ** 2;
        return sum;
      });
      // The nearest by weighted distance lies among the 40 nearest by plain distance, nearly always.
      if (t % 100 === 0) expect(row.near[0]).toBeLessThan(1.5 * Math.min(...best) + 1e-9);
      if (t % 100 === 0) expect(Math.abs(row.near[0] - best[row.lag[0] - 1])).toBeLessThan(1e-9);
    });
    expect(row.found[0]).toBe(10);
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 900).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: hints.periods });
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, hints.periods));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 600), hints));
});

import { describe, expect, test } from 'vitest';
import { htm, htmShape, htmSmall } from '../../models/htm.js';
import { lastValue } from '../../models/last-value.js';
import type { Model } from '../../models/model.js';
import { rowBytes } from '../../state/layout.js';
import { Bench, errors, expectCausal, expectFinite, expectRestartable, noise } from './lab.js';

const horizons = [1, 5];
const build = (channels: number): Model => htmSmall({ channels, horizons }) as Model;
const hints = { scale: [1], periods: [] };
const wobble = noise(3000, 7);
const wave = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

describe('HTM', () => {
  test('beats the last value on a noisy sine', () => {
    const mine = errors(build(1), wave, hints, 1500);
    const last = errors(lastValue({ channels: 1, horizons }), wave, hints, 1500);
    mine.forEach((error, i) => void expect(error, `horizon ${horizons[i]}`).toBeLessThan(0.7 * last[i]));
  });

  test('is surprised by what it has not seen, not by what it knows', () => {
    const pattern = noise(20, 31).map((x) => 3 * x);
    const bench = new Bench(
      htm({ channels: 1, horizons, shape: { ...htmShape, temporal: { ...htmShape.temporal, cells: 8 } } }) as Model,
    );
    const surprises = Array.from({ length: 800 }, (_, t) => {
      const odd = t === 790;
      return bench.step([odd ? 3.9 : pattern[t % 20]], { scale: [1], periods: [] }).surprise;
    });
    const known = surprises.slice(600, 790).reduce((sum, x) => sum + x / 190, 0);
    expect(known).toBeLessThan(0.2);
    expect(surprises[790]).toBeGreaterThan(2);
    bench.close();
  });

  test('holds a week of hours: 168 different rows, each of 40 columns, come to be expected', () => {
    const model = htm({ channels: 1, horizons: [1] }) as Model;
    const bench = new Bench(model);
    const day = [0, 40, 10, 30, 20, 35];
    let surprise = 0;
    let untold = 0;
    for (let t = 0; t < 24 * 70; t++) {
      const timeMs = Date.UTC(2026, 0, 5) + t * 3_600_000;
      const told = bench.step([day[t % 6]], { scale: [16], periods: [], timeMs });
      if (t < 24 * 56) continue;
      surprise += told.surprise / (24 * 14);
      untold += told.unexpected ? 1 / (24 * 14) : 0;
    }
    bench.close();
    expect(surprise).toBeLessThan(0.15);
    expect(untold).toBeLessThan(0.03);
  });

  test('takes at most 9 MB a key at its default size, and half a megabyte for every further horizon', () => {
    expect(rowBytes(htm({ channels: 1, horizons: [1] }).keyed)).toBeLessThan(9_000_000);
    expect(rowBytes(htm({ channels: 1, horizons: [1, 5] }).keyed)).toBeLessThan(9_550_000);
  });

  test('the small one takes at most 300 kB a key, so that 1,000 keys fit in 300 MB', () =>
    expect(rowBytes(htmSmall({ channels: 1, horizons: [1] }).keyed)).toBeLessThan(300_000));

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 400).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: [24] }, 100);
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 400), hints));
});

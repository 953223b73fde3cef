import { describe, expect, test } from 'vitest';
import { headLevels } from '../../models/head.js';
import { htm, htmShape, htmSmall } from '../../models/htm.js';
import { lastValue } from '../../models/last-value.js';
import type { Model } from '../../models/model.js';
import { rowBytes } from '../../state/layout.js';
import { Bench, errors, expectCausal, expectFinite, expectRestartable, noise } from './lab.js';

const horizons = [1, 5];
const build = (channels: number): Model => htmSmall({ channels, horizons, whole: true }) as Model;
const hints = { scale: [1], periods: [] };
const wobble = noise(3000, 7);
const wave = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

const eightCells = { ...htmShape, temporal: { ...htmShape.temporal, cells: 8 } };

describe('HTM', () => {
  test('beats the last value on a noisy sine', () => {
    const mine = errors(build(1), wave, hints, 1500);
    const last = errors(lastValue({ channels: 1, horizons }), wave, hints, 1500);
    mine.forEach((error, i) => void expect(error, `horizon ${horizons[i]}`).toBeLessThan(0.7 * last[i]));
  });

  test('is surprised by what it has not seen, not by what it knows', () => {
    const pattern = noise(20, 31).map((x) => 3 * x);
    const bench = new Bench(htm({ channels: 1, horizons, shape: eightCells }) as Model);
    const surprises = Array.from({ length: 800 }, (_, t) => {
      const odd = t === 790;
      return bench.step([odd ? 3.9 : pattern[t % 20]], { scale: [1], periods: [] }).surprise;
    });
    const known = surprises.slice(600, 790).reduce((sum, x) => sum + x / 190, 0);
    expect(known).toBeLessThan(0.2);
    expect(surprises[790]).toBeGreaterThan(2);
    bench.close();
  });

  test('where a sequence branches it says both ends, and after the element that decides only one', () => {
    // 0, then 2 or -2 by chance, then three times that, then 4.
    const chances = noise(1200, 5);
    const bench = new Bench(htmSmall({ channels: 1, horizons: [1, 2], whole: true }) as Model);
    const at = (told: Float64Array, h: number, level: number): number =>
      told[h * headLevels.length + headLevels.indexOf(level)];
    const near = (value: number, end: number): boolean => Math.abs(value - end) < 0.7;
    let [both, between, decided] = [0, 0, 0];
    for (let t = 0; t < 4 * 1200; t++) {
      const end = chances[t >> 2] < 0 ? -6 : 6;
      const told = bench.step([[0, end / 3, end, 4][t % 4]], { scale: [2], periods: [] });
      if (t < 4 * 1000) continue;
      const quantiles = told.quantiles as Float64Array;
      if (t % 4 === 0) {
        both += Number(near(at(quantiles, 1, 0.05), -6) && near(at(quantiles, 1, 0.95), 6));
        between += headLevels.filter((level) => Math.abs(at(quantiles, 1, level)) < 5).length;
      }
      if (t % 4 === 1) decided += Number([0.05, 0.25, 0.75, 0.95].every((level) => near(at(quantiles, 0, level), end)));
    }
    bench.close();
    expect(both, 'rows of 200 that say both ends').toBeGreaterThan(170);
    expect(between / (200 * headLevels.length)).toBeLessThan(0.01);
    expect(decided, 'rows of 200 that say one end').toBeGreaterThan(195);
  });

  test('quantiles follow when the classes move, and say what the mean says', () => {
    const bench = new Bench(build(1));
    const random = noise(1500, 9);
    let wide = 0;
    for (let t = 0; t < 1500; t++) {
      // The level goes up by eight scales, and the scale with it.
      const late = t >= 700;
      const { quantiles, mean } = bench.step([(late ? 40 : 0) + (late ? 4 : 1) * random[t]], {
        scale: [late ? 4 : 1],
        periods: [],
      });
      const told = [...(quantiles as Float64Array).subarray(0, headLevels.length)];
      expect(told.every(Number.isFinite)).toBe(true);
      expect(told).toEqual([...told].sort((a, b) => a - b));
      if (t < 1200) continue;
      expect(told[headLevels.indexOf(0.5)]).toBeGreaterThan(34);
      expect(Math.abs(told[headLevels.indexOf(0.5)] - mean[0])).toBeLessThan(4);
      wide += (told[headLevels.indexOf(0.9)] - told[headLevels.indexOf(0.1)]) / 300;
    }
    bench.close();
    // Even over 8 units: 6.4 between its deciles.
    expect(wide).toBeGreaterThan(5);
    expect(wide).toBeLessThan(8.5);
  });

  test('without its distributions it says no quantiles, takes less state, and beats the last value as well', () => {
    const [whole, bare] = [true, false].map((whole) => htmSmall({ channels: 1, horizons, whole }) as Model);
    expect(rowBytes(bare.keyed)).toBeLessThan(rowBytes(whole.keyed));
    const bench = new Bench(bare);
    expect(bench.step([1], hints).quantiles).toBeUndefined();
    bench.close();
    const last = errors(lastValue({ channels: 1, horizons }), wave, hints, 1500);
    errors(bare, wave, hints, 1500).forEach((error, i) => void expect(error).toBeLessThan(0.7 * last[i]));
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

  test.each([
    ['htm', htm, 8, 40, 2048],
    ['htm-small', htmSmall, 4, 20, 512],
  ] as const)('with local inhibition as many columns of %s win in each area', (_, make, areas, winners, columns) => {
    const wins = (inhibition: 'global' | 'local'): number[] => {
      const bench = new Bench(make({ channels: 1, horizons: [1], inhibition }) as Model);
      bench.step([3], { scale: [1], periods: [24] });
      const won = bench.own.row(0).columns as unknown as Uint32Array;
      bench.close();
      return Array.from({ length: areas }, (_, a) => won.filter((c) => Math.floor((c * areas) / columns) === a).length);
    };
    expect(wins('local')).toEqual(Array(areas).fill(winners / areas));
    expect(wins('global')).not.toEqual(Array(areas).fill(winners / areas));
  });
  test('with local inhibition it learns as well', () => {
    const local = htmSmall({ channels: 1, horizons, inhibition: 'local' }) as Model;
    const last = errors(lastValue({ channels: 1, horizons }), wave, hints, 1500);
    errors(local, wave, hints, 1500).forEach((error, i) => void expect(error).toBeLessThan(0.7 * last[i]));
    expectRestartable(local, wave.slice(0, 100), hints, 50);
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 400).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: [24] }, 100);
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 400), hints));
});

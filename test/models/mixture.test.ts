import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lastValue } from '../../models/last-value.js';
import { mixture } from '../../models/mixture.js';
import type { Model } from '../../models/model.js';
import { rls } from '../../models/rls.js';
import { seasonalNaive } from '../../models/seasonal-naive.js';
import { Bench, errors, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 5, 24];
const build = (channels: number) => mixture({ channels, horizons }) as unknown as Model;
const hints = { scale: [1], periods: [24, 168] };
const wave = noise(2500, 7).map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

describe('the default mixture', () => {
  test('on a noisy sine it is nearly as good as one that knows it, at every horizon', () => {
    const mine = errors(build(1), wave, { scale: [1], periods: [24] }, 1500);
    for (const error of mine) expect(error).toBeLessThan(0.056); // 0.05 is the noise
  });

  test('on a random walk it is nearly the last value', () => {
    let level = 0;
    const walk = noise(3000, 8).map((u) => {
      level += u;
      return [level];
    });
    const mine = errors(build(1), walk, { scale: [1], periods: [] }, 1000);
    const last = errors(lastValue({ channels: 1, horizons }), walk, hints, 1000);
    mine.forEach((error, i) => void expect(error).toBeLessThan(1.06 * last[i]));
  });

  test('on a chaotic map its error is a fraction of that of what is linear', () => {
    let x = 0.3;
    const map = noise(2500, 9).map((u) => {
      x = 3.8 * x * (1 - x) + 0.02 * u;
      return [x];
    });
    const chaotic = { scale: [0.25], periods: [] };
    const [one] = errors(build(1), map, chaotic, 1500);
    const [linear] = errors(rls({ channels: 1, horizons }), map, chaotic, 1500);
    expect(one).toBeLessThan(0.3 * linear);
    expect(one).toBeLessThan(0.04); // 0.01 is the noise
  });

  test('on NYC taxi, five rows ahead, it beats what was published by far', () => {
    // Protocol of Cui, Ahmad and Hawkins; the periods are given here, `seasons` finds them in a pipeline.
    const rows = readFileSync(new URL('../../data/nyc_taxi.csv', import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .slice(1);
    const series = rows.map((line) => Number(line.split(',')[1]));
    const run = (model: Model): number => {
      const bench = new Bench(model);
      const forecasts = series.map((value, t) => {
        const periods = t < 511 ? [] : t < 1023 ? [48] : [48, 336];
        return bench.step([value], { scale: [8192], periods }).mean[0];
      });
      bench.close();
      let error = 0;
      let truth = 0;
      for (let t = 5000; t + 5 < series.length; t++) {
        error += Math.abs(forecasts[t] - series[t + 5]);
        truth += Math.abs(series[t + 5]);
      }
      return error / truth;
    };
    expect(series.length).toBe(10_320);
    const mine = run(mixture({ channels: 1, horizons: [5] }) as unknown as Model);
    const naive = run(seasonalNaive({ channels: 1, horizons: [5] }));
    expect(mine).toBeLessThan(0.6 * naive);
    expect(mine).toBeLessThan(0.065);
  }, 120_000);

  test('names its parts, and gives the forecast of each', () => {
    const model = mixture({ channels: 2, horizons });
    const bench = new Bench(model as unknown as Model);
    const names: readonly string[] = model.members;
    expect(new Set(names).size).toBe(names.length);
    let out = bench.step([1, 5], { scale: [1, 1], periods: [24] });
    for (const [t, [x]] of wave.slice(0, 400).entries()) {
      out = bench.step([x, 100 - t], { scale: [1, 1], periods: [24] });
    }
    const members = out.members as Float64Array;
    expect(members.length).toBe(names.length * 2 * horizons.length);
    const at = (name: string, channel: number, i: number) => (names.indexOf(name) * 2 + channel) * horizons.length + i;
    expect(members[at('last', 1, 2)]).toBe(-299);
    expect(members[at('naive-long', 0, 0)]).toBe(wave[399 - 23][0]);
    // A mixture lies between its parts.
    for (let channel = 0; channel < 2; channel++) {
      for (let i = 0; i < horizons.length; i++) {
        // Those that forget swiftly abstain while there is nothing to forget.
        const parts = names.map((name) => members[at(name, channel, i)]).filter((part) => !Number.isNaN(part));
        expect(parts.length).toBe(names.length - 2);
        expect(out.mean[channel * horizons.length + i]).toBeGreaterThanOrEqual(Math.min(...parts));
        expect(out.mean[channel * horizons.length + i]).toBeLessThanOrEqual(Math.max(...parts));
      }
    }
    expect(out.gauges?.length).toBe(2 * 2 * horizons.length);
    expect(out.gauges?.every((gauge) => gauge >= 0)).toBe(true);
  });

  test('the spread follows the phase: larger where the noise is larger', () => {
    const bench = new Bench(mixture({ channels: 1, horizons: [1] }) as unknown as Model);
    const sums = [0, 0];
    noise(2000, 5).forEach((u, t) => {
      const loud = t % 24 < 6;
      const { spread } = bench.step([Math.sin((2 * Math.PI * t) / 24) + (loud ? 1 : 0.05) * u], {
        scale: [1],
        periods: [24],
      });
      if (t > 1000) sums[(t + 1) % 24 < 6 ? 0 : 1] += spread[0] / (loud ? 6 : 18);
    });
    expect(sums[0]).toBeGreaterThan(2 * sums[1]);
  });

  test('what never was negative is not forecast to be, until it was, each channel for itself', () => {
    const bench = new Bench(build(2));
    const size = horizons.length;
    const counts = { under: 0, cut: 0 };
    for (const [t, u] of noise(900, 11).entries()) {
      const x = Math.max(0, 6 * Math.sin((2 * Math.PI * t) / 24) + u);
      const { mean, floor, unfloored } = bench.step([t === 700 ? -0.5 : x, x], hints);
      const first = t < 700 ? 0 : Number.NEGATIVE_INFINITY;
      expect(floor, `row ${t}`).toEqual(Float64Array.of(first, 0));
      for (const [q, uncut] of (unfloored as Float64Array).entries()) {
        expect(mean[q], `row ${t}`).toBe(Math.max(q < size ? first : 0, uncut));
        if (uncut < 0) counts[mean[q] < 0 ? 'under' : 'cut']++;
      }
    }
    bench.close();
    expect(counts.cut).toBeGreaterThan(100);
    expect(counts.under).toBeGreaterThan(20);
  });

  test('new periods are caught up with over several events, none of which goes through many rows', () => {
    const model = mixture({ channels: 1, horizons: [1] });
    const bench = new Bench(model as unknown as Model);
    const learned = () => (bench.own.row(0) as unknown as { c0: { learned: Float64Array } }).c0.learned[0];
    const behind = wave.slice(0, 1600).map(([x], t) => {
      const before = learned();
      bench.step([x], { scale: [1], periods: t < 1000 ? [24] : [24, 168] });
      return { rows: t + 1 - learned(), gone: learned() - before };
    });
    bench.close();
    expect(behind[999].rows).toBe(0);
    expect(behind[1000].rows).toBeGreaterThan(800);
    expect(behind[1030].rows).toBe(0);
    expect(Math.max(...behind.map(({ gone }) => gone))).toBeLessThan(80);
  });

  test('while it catches up it speaks by the profile, and is restartable at every event', () => {
    const series = wave.slice(0, 760);
    const [calm, shaken] = [new Bench(build(1)), [new Bench(build(1))]];
    let error = 0;
    series.forEach((values, t) => {
      const periods = { scale: [1], periods: t < 700 ? [] : [24] };
      const { mean } = calm.step(values, periods);
      expect([...shaken[0].step(values, periods).mean]).toEqual([...mean]);
      if (t >= 698) shaken.unshift(new Bench(build(1), shaken[0]));
      if (t >= 700 && t < 710) error += Math.abs(mean[1] - wave[t + 5][0]) / 10;
    });
    for (const bench of [calm, ...shaken]) bench.close();
    expect(error, 'mean error five rows ahead of a wave of size 1 with noise 0.1').toBeLessThan(0.2);
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 500).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: [24] }, 120);
  }, 60_000);
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]), 60_000);
  test('channels do not meet', () => expectSeparateChannels(build, [24]));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 500), hints));
});

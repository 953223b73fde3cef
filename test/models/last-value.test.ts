import { describe, expect, test } from 'vitest';
import { lastValue } from '../../models/last-value.js';
import { Bench, expectCausal, expectFinite, expectRestartable, expectSeparateChannels, noise } from './lab.js';

const horizons = [1, 5, 24];
const build = (channels: number) => lastValue({ channels, horizons });
const hints = { scale: [1], periods: [] };
const wobble = noise(3000, 7);
const wave = wobble.map((u, t) => [Math.sin((2 * Math.PI * t) / 24) + 0.1 * u]);

describe('last value', () => {
  test('says the last value that was seen', () => {
    const bench = new Bench(build(2));
    const one = { scale: [1, 1], periods: [] };
    expect([...bench.step([Number.NaN, 5], one).mean]).toEqual([Number.NaN, Number.NaN, Number.NaN, 5, 5, 5]);
    expect([...bench.step([3, Number.NaN], one).mean]).toEqual([3, 3, 3, 5, 5, 5]);
    expect([...bench.step([Number.NaN, 6], one).mean]).toEqual([3, 3, 3, 6, 6, 6]);
  });
  test('the spread is the running error of each horizon', () => {
    const bench = new Bench(build(1));
    let spread: number[] = [];
    for (let t = 0; t < 2000; t++) spread = [...bench.step([2 * t], { scale: [1], periods: [] }).spread];
    expect(spread[0]).toBeCloseTo(2, 9);
    expect(spread[1]).toBeCloseTo(10, 9);
    expect(spread[2]).toBeCloseTo(48, 9);
  });
  test('a jump surprises, what is usual does not', () => {
    const bench = new Bench(build(1));
    const surprise = noise(500, 3).map(
      (u, t) => bench.step([t === 400 ? 30 : u], { scale: [1], periods: [] }).surprise,
    );
    const usual = surprise.slice(100, 400);
    expect(surprise[400]).toBeGreaterThan(20 + Math.max(...usual));
  });

  test('saved and opened after any event it goes on with the same bits', () => {
    const two = wave.slice(0, 900).map(([x], t) => [x, t % 13 === 0 ? Number.NaN : 3 * x]);
    expectRestartable(build(2), two, { scale: [1, 4], periods: hints.periods });
  });
  test('stays finite on rough input', () => expectFinite(build(1), [24, 168]));
  test('channels do not meet', () => expectSeparateChannels(build, hints.periods));
  test('nothing looks ahead', () => expectCausal(build(1), wave.slice(0, 600), hints));
});

import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { htmNovelty } from '../../models/htm-novelty.js';
import type { Detected } from '../../operators/detect.js';
import { likelihood, likelihoodLayout } from '../../operators/evidence/likelihood.js';
import { htmDetect } from '../../operators/htm-detect.js';
import { Slab } from '../../state/slab.js';
import { rowOf } from './evidence/row.js';
import { chance, run } from './harness.js';

const random = chance(4);
const wobble = Array.from({ length: 1500 }, () => random());
const at = (value: number, t: number): Event => ({ key: 'k', timeMs: t * 3_600_000, values: [value], offset: t });
const daily = wobble.map((u, t) => 100 + 50 * Math.sin((2 * Math.PI * t) / 24) + u);
const judged = (values: readonly number[], options = {}) =>
  run<Event & Detected>([htmDetect(options)], values.map(at), { cuts: [256] }).rows;
const alarmsOf = (rows: readonly Detected[]) => rows.flatMap(({ alarm }, row) => (alarm ? [row] : []));

describe('HTM alone', () => {
  test('alarms where a daily pattern breaks, within its range, and not where it goes on', () => {
    const rows = judged(daily.map((value, t) => (t >= 1200 && t < 1224 ? 100 : value)));
    const found = alarmsOf(rows);
    expect(found.some((row) => row >= 1200 && row < 1230)).toBe(true);
    expect(found.filter((row) => row < 1200 || row > 1260).length).toBeLessThan(3);
  });

  test('a value outside the range by more than a fiftieth is an anomaly from row 100 on, with the least probability', () => {
    const rows = judged(daily.slice(0, 160).map((value, t) => (t === 150 ? 180 : t === 40 ? 158 : value)));
    expect(rows[150]).toMatchObject({ alarm: true, onset: 1 });
    expect(rows[150].score).toBeCloseTo(1e-10, 12);
    expect(rows[40].alarm).toBe(false);
    const within = judged(daily.slice(0, 160).map((value, t) => (t === 150 ? 152 : value)));
    expect(within[150].alarm).toBe(false);
  });

  test('an anomaly is told once in ten rows, also one of values outside the range', () => {
    const rows = judged(daily.slice(0, 200).map((value, t) => (t >= 150 && t < 175 ? 200 + 50 * (t - 150) : value)));
    expect(alarmsOf(rows)).toEqual([150, 160, 170]);
    expect(rows[151].onset).toBeLessThan(0.31);
  });

  test('what align filled in is neither strange nor learnt', () => {
    const filled = daily
      .slice(0, 400)
      .flatMap((value, t) => [at(value, t), ...(t % 10 === 0 ? [{ ...at(900, t), filled: true }] : [])]);
    const rows = run<Event & Detected>([htmDetect()], filled, { cuts: [256] }).rows;
    const real = rows.filter((row) => !(row as { filled?: boolean }).filled);
    expect(real.map(({ score }) => score)).toEqual(judged(daily.slice(0, 400)).map(({ score }) => score));
    expect(rows.filter(({ values }) => values[0] === 900).every(({ alarm, score }) => !alarm && score === 1)).toBe(
      true,
    );
  });

  test('of a past taken in anew the likelihood learns what is then said of it', () => {
    const grown = daily.slice(0, 900).map((value, t) => (t < 450 ? value : 2.5 * (value - 100) + 100));
    const model = htmNovelty({ channels: 1 });
    const slab = new Slab(model.layout);
    const own = slab.row(slab.add());
    model.start(own);
    let shares: number[] = [];
    let last = 0;
    const atOnce = grown.map((value, t) => {
      const share = model.step(own, [value], t * 3_600_000);
      if (own.renewed[0] > 0) {
        shares = Array.from(own.shares.subarray(0, t));
        last = t;
      }
      shares.push(share);
      return share;
    });
    slab.free();
    expect(last).toBeGreaterThanOrEqual(450);
    const after = Math.ceil((last + 1) / 100) * 100;
    const onsets = (scores: readonly number[]): number[] => {
      const state = rowOf(likelihoodLayout);
      return scores.map((score) => likelihood(state, score, { learnRows: 150, warmupRows: 300 })).slice(after);
    };
    const told = judged(grown)
      .slice(after)
      .map(({ onset }) => onset);
    expect(told).toEqual(onsets(shares));
    expect(told).not.toEqual(onsets(atOnce));
  });

  test('counts the rows down until there is a likelihood, and a missing value is no row', () => {
    const rows = judged([...daily.slice(0, 10), Number.NaN, ...daily.slice(10, 320)]);
    expect(rows[0].warmup).toBe(299);
    expect(rows[10].warmup).toBe(rows[9].warmup);
    expect(rows[10]).toMatchObject({ alarm: false, onset: 0, score: 1 });
    expect(rows[320].warmup).toBe(0);
  });

  test('another seed is another detector, the same one the same', () => {
    const onsets = (seed: number) => judged(daily.slice(0, 340), { seed }).map(({ onset }) => onset);
    expect(onsets(2)).toEqual(onsets(2));
    expect(onsets(2)).not.toEqual(onsets(3));
  });

  test('options that make no sense are refused', () => {
    expect(() => htmDetect({ learnRows: 300, warmupRows: 300 })).toThrow('htm-detect.warmupRows');
    expect(() => htmDetect({ sed: 1 } as object)).toThrow('htm-detect.sed');
  });
});

import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import type { Detected } from '../../operators/detect.js';
import { htmDetect } from '../../operators/htm-detect.js';
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

  test('a value outside the range by more than a twentieth is an anomaly from row 100 on, with the least probability', () => {
    const rows = judged(daily.slice(0, 160).map((value, t) => (t === 150 ? 180 : t === 40 ? 158 : value)));
    expect(rows[150]).toMatchObject({ alarm: true, onset: 1 });
    expect(rows[150].score).toBeCloseTo(1e-10, 12);
    expect(rows[40].alarm).toBe(false);
    const within = judged(daily.slice(0, 160).map((value, t) => (t === 150 ? 154 : value)));
    expect(within[150].alarm).toBe(false);
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

import { describe, expect, test } from 'vitest';
import { htmDetectorOf } from '../../evaluation/htm-detector.js';
import { leakTest } from '../../evaluation/leak.js';
import { streamOf } from '../../evaluation/stream.js';
import type { Event } from '../../event.js';
import { type HtmDetectOptions, htmDetect } from '../../operators/htm-detect.js';
import { chance, run } from '../operators/harness.js';

const random = chance(9);
const rows = Array.from({ length: 700 }, (_, t) => ({
  key: 'k',
  timeMs: t * 3_600_000,
  values: [t === 650 ? 400 : 100 + 50 * Math.sin((2 * Math.PI * t) / 24) + random(), random()],
}));
const channels = ['flow', 'load'];

/** What it says of the rows, shown so many at a time. */
function said(size: number, seed?: number) {
  const detector = htmDetectorOf(seed)({ channels, horizons: [1] });
  const steps = [];
  for (let at = 0; at < rows.length; at += size) steps.push(...detector.push(rows.slice(at, at + size)));
  detector.close();
  return steps;
}

describe('HTM alone in the place of a forecaster', () => {
  test('says what the step says, however many rows are shown at once, and forecasts nothing', () => {
    const direct = (options: HtmDetectOptions) =>
      run(
        [htmDetect<Event>(options)],
        rows.map((row, offset): Event => ({ ...row, offset })),
        {
          shard: { name: 's', channels },
          cuts: [128],
        },
      ).rows as unknown as { onset: number; score: number; alarm: boolean }[];
    for (const seed of [undefined, 5]) {
      const steps = said(100, seed);
      const wanted = direct(seed === undefined ? {} : { seed });
      expect(steps.map(({ score, share, alarm }) => [score, share, alarm])).toEqual(
        wanted.map(({ onset, score, alarm }) => [onset, score, alarm]),
      );
      expect(steps).toEqual(said(700, seed));
      expect(steps.every(({ mean, levels }) => mean.length === 0 && levels.length === 0)).toBe(true);
    }
    expect(said(100)[650]).toMatchObject({ score: 1, alarm: true });
  });

  test('another seed is another detector', () => {
    const scores = (seed: number) => said(700, seed).map(({ score }) => score);
    expect(scores(2)).not.toEqual(scores(3));
  });

  test('looks not ahead', () => {
    const stream = streamOf({ name: 's', channels, rows: rows.slice(0, 500) }, [1]);
    const checks = leakTest([stream], htmDetectorOf());
    expect(checks).toHaveLength(5);
    expect(checks.filter(({ same }) => !same)).toEqual([]);
  });
});

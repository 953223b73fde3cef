import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readTable, timeOf } from '../../evaluation/data/table.js';
import { type Forecaster, forecasterOf, type MakeForecaster } from '../../evaluation/forecaster.js';
import { leakTest } from '../../evaluation/leak.js';
import { type Stream, streamOf } from '../../evaluation/stream.js';
import { type MemoryName, memories } from '../../models/catalog.js';

/** The first rows of the log that comes with the project. */
const path = fileURLToPath(new URL('../../data/nyc_taxi.csv', import.meta.url));
const rows = readTable(path)
  .lines.slice(0, 1100)
  .map(([time, value]) => ({ timeMs: timeOf(time, path), values: [Number(value)] }));
const stream = streamOf({ name: 'taxi', channels: ['count'], rows }, [1, 5]);

/** Says of each row what `look` makes of all rows it was handed with it. */
const honest: MakeForecaster = () => forecaster((values, at) => values[at]);
const peeking: MakeForecaster = () => forecaster((values, at) => values[Math.min(at + 1, values.length - 1)]);

function forecaster(look: (values: number[], at: number) => number): Forecaster {
  return {
    push(shown) {
      const values = shown.map((row) => row.values[0]);
      return shown.map((_, at) => ({
        mean: Float64Array.of(look(values, at)),
        levels: [],
        score: 0,
        share: 1,
        alarm: false,
        onset: 0,
        abnormal: false,
      }));
    },
    close() {},
  };
}

describe('the leak test', () => {
  test('bites on a forecaster that peeks at the next row of its batch', () => {
    const streams: Stream[] = [stream];
    expect(leakTest(streams, honest).every(({ same }) => same)).toBe(true);
    expect(leakTest(streams, peeking).every(({ same }) => !same)).toBe(true);
  });

  test('cuts at as many rows as asked, over all streams, the same for the same seed', () => {
    const streams = [stream, { ...stream, name: 'other' }];
    const checks = leakTest(streams, honest, { cuts: 8, seed: 2 });
    expect(checks).toHaveLength(8);
    expect(new Set(checks.map(({ stream: name }) => name)).size).toBe(2);
    expect(leakTest(streams, honest, { cuts: 8, seed: 2 })).toEqual(checks);
    expect(leakTest(streams, honest, { cuts: 8, seed: 3 })).not.toEqual(checks);
  });
});

describe('no memory looks ahead', () => {
  test.each(Object.keys(memories) as MemoryName[])(
    '%s',
    (memory) => {
      const checks = leakTest([stream], forecasterOf({ memory }));
      expect(checks).toHaveLength(5);
      expect(checks.filter(({ same }) => !same)).toEqual([]);
    },
    240_000,
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeAnomaly, encodeReject, encodeResult } from '../../connectors/encode.js';
import type { Anomaly, Result } from '../../event.js';

/** The same line, made by JSON.stringify from an object. */
function slow(shard: string, { key, timeMs, offset, values, surprise, score, alarm, forecast }: Result): string {
  const { horizons, levels, mean, quantiles } = forecast;
  const channels = values.map((_, c) => c);
  return JSON.stringify({
    id: `${shard}@${offset}`,
    key,
    timeMs,
    offset,
    values,
    surprise,
    score,
    alarm,
    forecast: {
      horizons,
      levels,
      mean: channels.map((c) => horizons.map((_, h) => mean[c * horizons.length + h])),
      quantiles: channels.map((c) =>
        horizons.map((_, h) => levels.map((_, l) => quantiles[(c * horizons.length + h) * levels.length + l])),
      ),
    },
  });
}

test('a result line is what JSON.stringify would make of it, for any numbers and names', () => {
  const result = fc
    .record({
      channels: fc.integer({ min: 1, max: 3 }),
      steps: fc.integer({ min: 0, max: 3 }),
      width: fc.integer({ min: 0, max: 3 }),
    })
    .chain(({ channels, steps, width }) => {
      const numbers = (length: number) => fc.array(fc.double(), { minLength: length, maxLength: length });
      return fc.record({
        key: fc.string({ unit: 'binary' }),
        timeMs: fc.integer(),
        offset: fc.nat(),
        values: numbers(channels),
        surprise: fc.double(),
        score: fc.double(),
        alarm: fc.boolean(),
        forecast: fc.record({
          horizons: fc.constant([1, 5, 48].slice(0, steps)),
          levels: fc.constant([0.01, 0.5, 0.99].slice(0, width)),
          mean: numbers(channels * steps).map((n) => Float64Array.from(n)),
          quantiles: numbers(channels * steps * width).map((n) => Float64Array.from(n)),
        }),
      });
    });
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), result, (shard, row) => {
      if (row.forecast.horizons.length === 0) return;
      expect(encodeResult(shard)(row)).toBe(slow(shard, row));
    }),
  );
});

test('anomalies and rejects keep every field; what is missing is null', () => {
  const anomaly: Anomaly = {
    id: 's@1',
    key: 'k',
    status: 'open',
    startMs: 1,
    endMs: 2,
    startOffset: 1,
    endOffset: 2,
    peakMs: 1,
    peakOffset: 1,
    alarms: 2,
    severity: 'major',
    score: 0.001,
    channel: 'a',
    actual: Number.NaN,
    expected: 2,
    low: 1,
    high: 3,
    why: 'so',
  };
  expect(JSON.parse(encodeAnomaly(anomaly))).toEqual({ ...anomaly, actual: null });
  const reject = { shard: 's', offset: 1, stage: 'decode', reason: 'cut', message: 'm', raw: 'a"b', line: 3 };
  expect(JSON.parse(encodeReject(reject))).toEqual(reject);
});

test('lists are written as JSON does, number by number, whatever came in the row before', () => {
  const odd = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e21, 1e-7, 5e-324, 0.1 + 0.2, -123456.789];
  const encode = encodeResult('s');
  for (let n = 0; n < 300; n++) {
    const pick = (count: number, from: number): number[] =>
      Array.from({ length: count }, (_, i) => odd[(from + 5 * i) % odd.length]);
    const [channels, steps, width] = [n % 3, Math.floor(n / 3) % 3, Math.floor(n / 9) % 4];
    const forecast = {
      horizons: pick(steps, Math.floor(n / 40)),
      levels: pick(width, Math.floor(n / 50)),
      mean: Float64Array.from(pick(channels * steps, n)),
      quantiles: Float64Array.from(pick(channels * steps * width, n + 1)),
    };
    const row = {
      ...{ offset: n, key: 'k', timeMs: n, values: pick(channels, n), surprise: 1, score: 0 },
      alarm: false,
      forecast,
    };
    const { mean, quantiles, horizons, levels } = (
      JSON.parse(encode(row as never)) as { forecast: Record<string, unknown> }
    ).forecast;
    const plain = (values: ArrayLike<number>): unknown => JSON.parse(JSON.stringify(Array.from(values)));
    expect([horizons, levels]).toEqual([plain(forecast.horizons), plain(forecast.levels)]);
    const channel = (c: number): number[] => Array.from({ length: steps }, (_, s) => c * steps + s);
    const all = steps === 0 ? [] : Array.from({ length: channels }, (_, c) => channel(c));
    expect(mean).toEqual(all.map((at) => plain(at.map((i) => forecast.mean[i]))));
    expect(quantiles).toEqual(
      all.map((at) => at.map((i) => plain(forecast.quantiles.slice(i * width, (i + 1) * width)))),
    );
  }
});

test('words and what is expected next are said as words', () => {
  const forecast = {
    horizons: [1],
    levels: [0.5],
    mean: new Float64Array([Number.NaN]),
    quantiles: new Float64Array([1]),
  };
  const next = [{ channel: 'state', words: [{ word: 'OPEN "x"', probability: 0.75 }] }];
  const row: Result = {
    ...{
      key: 'k',
      timeMs: 1,
      offset: 2,
      values: [Number.NaN],
      words: ['SHUT'],
      surprise: 1,
      score: 1,
      alarm: false,
      forecast,
      next,
    },
  };
  expect(JSON.parse(encodeResult('s')(row))).toMatchObject({
    ...{ values: [null], words: ['SHUT'] },
    next: { state: [{ word: 'OPEN "x"', probability: 0.75 }] },
  });
});

test('a result says which marks it came with, and only where there are any', () => {
  const marks = [{ verdict: 'expected', startMs: 1, endMs: 2, alarms: 3, nats: 2 }] as const;
  const forecast = { horizons: [], levels: [], mean: new Float64Array(0), quantiles: new Float64Array(0) };
  const row = { key: 'k', timeMs: 1, offset: 2, values: [3], surprise: 0, score: 1, alarm: false, forecast };
  expect(JSON.parse(encodeResult('s')({ ...row, marks }))).toMatchObject({ alarm: false, marks });
  expect(encodeResult('s')(row)).not.toContain('marks');
});

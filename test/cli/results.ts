import { WorstAnomalies } from '../../cli/worst.js';
import type { Anomaly, Batch, Result } from '../../event.js';

/** All of some anomalies, as what a run has found. */
export const worst = (anomalies: readonly Anomaly[]): WorstAnomalies => new WorstAnomalies(1_000, anomalies);

/** A result with forecasts 1 and 3 rows ahead. */
export function resultOf(offset: number, given: Partial<Result> = {}): Result {
  const value = given.values?.[0] ?? 100 + 40 * Math.sin(offset / 8);
  const levels = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
  const mean = [value + 1, value + 3];
  return {
    key: 'a',
    timeMs: offset * 60_000,
    offset,
    values: [value],
    surprise: 1,
    score: 0.5,
    alarm: false,
    forecast: {
      horizons: [1, 3],
      levels,
      mean: Float64Array.from(mean),
      quantiles: Float64Array.from(mean.flatMap((m) => [m - 20, m - 10, m - 5, m, m + 5, m + 10, m + 20])),
    },
    ...given,
  };
}

export function batchOf(from: number, rows: number, given: Partial<Result> = {}): Batch<Result> {
  const made = Array.from({ length: rows }, (_, i) => resultOf(from + i, given));
  return { shard: 'log', rows: made, rejects: [], next: from + rows };
}

export function anomalyOf(offset: number, given: Partial<Anomaly> = {}): Anomaly {
  return {
    id: `log@${offset}`,
    key: 'a',
    status: 'closed',
    startMs: offset * 60_000,
    endMs: (offset + 2) * 60_000,
    startOffset: offset,
    endOffset: offset + 2,
    peakMs: (offset + 1) * 60_000,
    peakOffset: offset + 1,
    alarms: 3,
    severity: 'warning',
    score: 0.001,
    channel: 'value',
    actual: 300,
    expected: 120,
    low: 90,
    high: 150,
    why: 'value was 300 where 120 was expected',
    ...given,
  };
}

import type { Series } from './data/series.js';
import type { MakeForecaster, Step } from './forecaster.js';

/** One observation, as a forecaster is shown it. */
export interface StreamRow {
  readonly key: string;
  readonly timeMs: number;
  readonly values: readonly number[];
}

/** What a forecaster is shown from first to last, and how far ahead it must look. */
export interface Stream {
  readonly name: string;
  readonly channels: readonly string[];
  readonly horizons: readonly number[];
  /** Levels of the quantiles, where a score needs other ones than usual. */
  readonly levels?: readonly number[];
  readonly rows: readonly StreamRow[];
  /** Keys that take turns, always in the same order: the next row of a key is this many rows on. */
  readonly keyCount: number;
}

/** A series as the stream of one key. */
export function streamOf({ name, channels, rows }: Series, horizons: readonly number[]): Stream {
  return { name, channels, horizons, rows: rows.map((row) => ({ key: name, ...row })), keyCount: 1 };
}

/** A series as one key per channel. */
export function keyedStreamOf({ name, channels, rows }: Series, horizons: readonly number[]): Stream {
  return {
    name,
    channels: ['value'],
    horizons,
    rows: rows.flatMap(({ timeMs, values }) => channels.map((key, c) => ({ key, timeMs, values: [values[c]] }))),
    keyCount: channels.length,
  };
}

/** Rows that are shown at once: by promise the answers do not depend on it. */
const batchRows = 256;

/** Shows a fresh forecaster the stream, and hands on what it says at each row. */
export function follow(stream: Stream, make: MakeForecaster, visit: (row: number, step: Step) => void): void {
  const forecaster = make({ channels: stream.channels, horizons: stream.horizons, levels: stream.levels });
  try {
    for (let from = 0; from < stream.rows.length; from += batchRows) {
      const rows = stream.rows.slice(from, from + batchRows);
      const steps = forecaster.push(rows);
      if (steps.length !== rows.length) {
        throw new Error(
          `${stream.name}, rows ${from} to ${from + rows.length - 1}: expected ${rows.length} answers, ` +
            `came ${steps.length}: every row must be answered when it comes`,
        );
      }
      steps.forEach((step, at) => {
        visit(from + at, step);
      });
    }
  } finally {
    forecaster.close();
  }
}

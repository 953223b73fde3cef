import type { Event } from '../event.js';
import { f64, type Row, u32 } from '../state/layout.js';
import { runRows } from './evidence/run.js';
import { evidenceOf } from './evidence/surprise.js';

/** Rows that are kept, as many as a run may be long; and the numbers of each. */
const kept = runRows;
const [time, offset, evidence, channel, actual, expected, low, high, width] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** The last rows of a key, each by its least likely channel, in a ring: one field, as many keys have one each. */
export const lastRowsLayout = { rows: u32(), cells: f64(kept * width) };
export type LastRows = Row<typeof lastRowsLayout>;

/** A row as it is kept. */
export interface LastRow {
  readonly timeMs: number;
  readonly offset: number;
  /** How unlikely it was under its forecast, in nats; 0 where nothing is known. */
  readonly evidence: number;
  readonly channel: number;
  readonly actual: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** What is read of a row. */
export interface Forecasted extends Event {
  readonly tail: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

export function noteRow(own: LastRows, row: Forecasted): void {
  const at = (own.rows[0]++ % kept) * width;
  const c = leastLikely(row.tail);
  const { cells } = own;
  const known = evidenceOf(row.tail);
  cells[at + time] = row.timeMs;
  cells[at + offset] = row.offset;
  cells[at + evidence] = known >= 0 ? known : 0;
  cells[at + channel] = c;
  cells[at + actual] = row.values[c];
  cells[at + expected] = row.expected[c];
  cells[at + low] = row.low[c];
  cells[at + high] = row.high[c];
}

/** The least likely channel; one that is known before one that is not. */
export function leastLikely(tail: ArrayLike<number>): number {
  let least = 0;
  // A comparison with NaN is false.
  for (let c = 1; c < tail.length; c++) if (tail[c] < tail[least] || Number.isNaN(tail[least])) least = c;
  return least;
}

/** How many rows are kept, of those that are asked for. */
export const knownRows = (own: LastRows, rows: number): number => Math.min(kept, own.rows[0], rows);

/** The row so many rows back: 0 is the last one. */
export function rowBack({ rows, cells }: LastRows, back: number): LastRow {
  const at = ((rows[0] - 1 - back) % kept) * width;
  return {
    timeMs: cells[at + time],
    offset: cells[at + offset],
    evidence: cells[at + evidence],
    channel: cells[at + channel],
    actual: cells[at + actual],
    expected: cells[at + expected],
    low: cells[at + low],
    high: cells[at + high],
  };
}

/** The least likely of the last rows, in rows back, and whether it is what makes them so: half of what is above the usual, 1 nat a row. */
export function strongestOf(own: LastRows, rows: number): { back: number; alone: boolean } {
  let back = 0;
  let sum = 0;
  let most = 0;
  for (let i = 0; i < knownRows(own, rows); i++) {
    const above = Math.max(0, own.cells[((own.rows[0] - 1 - i) % kept) * width + evidence] - 1);
    sum += above;
    if (above <= most) continue;
    most = above;
    back = i;
  }
  return { back, alone: most >= sum / 2 };
}

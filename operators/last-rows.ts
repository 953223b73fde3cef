import type { Event } from '../event.js';
import { type Field, f64, type Row, u32 } from '../state/layout.js';
import { tailEvidence } from './evidence/surprise.js';

/** The numbers that are kept of a row. */
const [time, offset, tail, channel, actual, expected, low, high, width] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** The last rows of a key, each by its least likely channel, in a ring: one field, as many keys have one each. */
export const lastRowsLayout = (rows: number): { rows: Field<'u32'>; cells: Field<'f64'> } => ({
  rows: u32(),
  cells: f64(rows * width),
});
export type LastRows = Row<ReturnType<typeof lastRowsLayout>>;

const placeOf = ({ rows, cells }: LastRows, back: number): number =>
  ((rows[0] - 1 - back) % (cells.length / width)) * width;

/** A row as it is kept. */
export interface LastRow {
  readonly timeMs: number;
  readonly offset: number;
  /** How unlikely it was under its forecast; NaN where nothing is known. */
  readonly tail: number;
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
  own.rows[0]++;
  const at = placeOf(own, 0);
  const c = leastLikely(row.tail);
  const { cells } = own;
  cells[at + time] = row.timeMs;
  cells[at + offset] = row.offset;
  cells[at + tail] = row.tail[c];
  cells[at + channel] = c;
  cells[at + actual] = row.values[c];
  cells[at + expected] = row.expected[c];
  cells[at + low] = row.low[c];
  cells[at + high] = row.high[c];
}

/** The least likely channel; one that is known before one that is not. */
export function leastLikely(tails: ArrayLike<number>): number {
  let least = 0;
  // A comparison with NaN is false.
  for (let c = 1; c < tails.length; c++) if (tails[c] < tails[least] || Number.isNaN(tails[least])) least = c;
  return least;
}

/** How many rows are kept, of those that are asked for. */
export const knownRows = (own: LastRows, rows: number): number => Math.min(own.cells.length / width, own.rows[0], rows);

/** The row so many rows back: 0 is the last one. */
export function rowBack(own: LastRows, back: number): LastRow {
  const at = placeOf(own, back);
  const { cells } = own;
  return {
    timeMs: cells[at + time],
    offset: cells[at + offset],
    tail: cells[at + tail],
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
  const known = knownRows(own, rows);
  for (let i = 0; i < known; i++) {
    const share = own.cells[placeOf(own, i) + tail];
    const above = Number.isNaN(share) ? 0 : Math.max(0, tailEvidence(share) - 1);
    sum += above;
    if (above <= most) continue;
    most = above;
    back = i;
  }
  // Where none is above the usual it is their quiet that is strange.
  return { back, alone: known < 2 || (most > 0 && most >= sum / 2) };
}

import { type Field, f64, type Row, u32 } from '../../state/layout.js';

/** Rows that a run is looked for in, at most. */
export const runRows = 32;
/** What one row counts at most: a single wild row makes no run of those around it. */
const most = 4;

/** By how much the last rows were stranger than one in so many is, in a ring. */
export const runLayout = (rows: number): { rows: Field<'u32'>; excess: Field<'f64'> } => ({
  rows: u32(),
  excess: f64(rows),
});
export type Run = Row<ReturnType<typeof runLayout>>;

/** Evidence of one row, in nats, beyond which it is strange by itself: one row in ten is. */
export const strangeNats = 2.3;

/**
 * Takes how much stranger than usual a row is; rows back to the first of the run it ends, 0 where it stands alone, −1 where it
 * is not strange. A run is the stretch up to here whose sum is the greatest (Page's CUSUM, seen from its end), so a few usual
 * rows do not end it and a single strange one long ago has no part in it.
 */
export function noteRun({ rows, excess: ring }: Run, excess: number): number {
  ring[rows[0]++ % ring.length] = Math.min(most, excess);
  if (!(excess > 0)) return -1;
  return longestSum(Math.min(ring.length, rows[0]), (back) => ring[(rows[0] - 1 - back) % ring.length]);
}

/** How far back the sum of numbers from the newest on is greatest; −1 where it is never above 0. */
export function longestSum(rows: number, of: (back: number) => number): number {
  let sum = 0;
  let greatest = 0;
  let found = -1;
  for (let back = 0; back < rows; back++) {
    sum += of(back);
    if (sum <= greatest) continue;
    greatest = sum;
    found = back;
  }
  return found;
}

import { f64, i32, type Row, u8 } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions } from './model.js';

/** The longest seasonal period that memories take up; longer ones are passed over. */
export const periodRowsMax = 2304;

/** Periods that a memory works with: a short one and a long one. */
const periodsMax = 2;

/** Numbers beyond this are taken for missing: sums of their squares must fit 32-bit floats. */
const valueMax = 1e18;

/** The past of one channel, with gaps filled: what every memory of one channel reads. */
export function seriesLayout(capacity: number) {
  return {
    /** Ring of raw values, written downwards: the value `lag` rows ago stands `lag` cells above the newest. */
    value: f64(capacity),
    /** 1 where the value was seen, 0 where it was filled in. */
    seen: u8(capacity),
    /** Rows so far; the newest is row `rows - 1`. Rows before the first seen value do not count. */
    rows: f64(),
    /** A power of two near the running deviation; 0 while unknown. */
    scale: f64(),
    /** The smallest value seen. */
    low: f64(),
    /** Seasonal periods in rows, ascending; 0 where there is none. */
    periods: i32(periodsMax),
  };
}

export type Series = Row<ReturnType<typeof seriesLayout>>;

/** A ring's size that holds `rows` rows behind the longest horizon: a power of two, so that slots are a mask away. */
export function ringRows(rows: number, { horizons }: MemoryOptions): number {
  let size = 64;
  while (size < rows + horizons[horizons.length - 1] + 1) size *= 2;
  return size;
}

/** Where a row stands in a ring written downwards, whose size is a power of two. */
export const slotOf = (ring: { readonly length: number }, row: number): number => ~row & (ring.length - 1);

export const valueAt = (series: Series, row: number): number => series.value[slotOf(series.value, row)];

export const seenAt = (series: Series, row: number): boolean => series.seen[slotOf(series.seen, row)] === 1;

/** Whether a row is still in the ring. */
export const holds = (series: Series, row: number): boolean =>
  row >= 0 && row < series.rows[0] && row >= series.rows[0] - series.value.length;

export const isValue = (value: number): boolean => Math.abs(value) <= valueMax;

/** Takes in the next row; a missing value is filled by the one a period ago, or the last one. */
export function append(series: Series, value: number, scale: number): void {
  const row = series.rows[0];
  const seen = isValue(value);
  if (!seen && row === 0) return;
  if (scale > 0) series.scale[0] = scale;
  const slot = slotOf(series.value, row);
  const period = series.periods[0];
  // The slot still holds the oldest row, so `holds` is asked before the new one is counted.
  const filled = seen ? value : valueAt(series, period > 0 && holds(series, row - period) ? row - period : row - 1);
  series.value[slot] = filled;
  series.seen[slot] = seen ? 1 : 0;
  series.low[0] = row === 0 ? filled : Math.min(series.low[0], filled);
  series.rows[0] = row + 1;
}

/** Takes over the first usable periods, in ascending order; tells whether they differ from those before. */
export function takePeriods(series: Series, periods: ArrayLike<number>): boolean {
  let short = 0;
  let long = 0;
  for (let i = 0; i < periods.length && long === 0; i++) {
    const period = periods[i];
    if (!(period >= 2 && period <= periodRowsMax) || period === short) continue;
    if (short === 0) short = period;
    else {
      long = Math.max(short, period);
      short = Math.min(short, period);
    }
  }
  if (series.periods[0] === short && series.periods[1] === long) return false;
  series.periods[0] = short;
  series.periods[1] = long;
  return true;
}

/** Remainder of a row number; several times faster than `%`, which for numbers of 53 bits is a loop. */
export const modulo = (row: number, n: number): number => row - n * Math.floor(row / n);

/** The row one or more whole periods before `row` that is not after `now`. */
export const samePhase = (row: number, period: number, now: number): number =>
  row - period * Math.max(1, Math.ceil((row - now) / period));

/** Sine and cosine of where row t stands in each period, four numbers; zeros where there is none. */
export function phases(series: Series, t: number, out: Float64Array | Float32Array, at: number): void {
  for (let p = 0; p < periodsMax; p++) {
    const period = series.periods[p];
    const turn = period > 0 ? (2 * Math.PI * modulo(t, period)) / period : 0;
    out[at + 2 * p] = period > 0 ? kernels.sin(turn) : 0;
    out[at + 2 * p + 1] = period > 0 ? kernels.cos(turn) : 0;
  }
}

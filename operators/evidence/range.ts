import { f64, type Row, u32 } from '../../state/layout.js';

/** Ranges of eight stretches of the past: the oldest is forgotten at once. */
const stretches = 8;

/** Where a number used to lie: lowest and highest of each stretch, and of all. */
export const rangeLayout = {
  rows: u32(),
  low: f64(stretches),
  high: f64(stretches),
  lowest: f64(),
  highest: f64(),
};
export type Range = Row<typeof rangeLayout>;

export interface RangeOptions {
  /** Rows that must have been seen before anything is novel. */
  readonly warmupRows: number;
  /** Rows after which an extreme is forgotten, give or take an eighth. */
  readonly memoryRows: number;
  /** What a range counts as at least; without one nothing lies outside a range of no width. */
  readonly leastWidth?: number;
}

/** Where a number used to lie. */
export interface Edges {
  readonly low: number;
  readonly high: number;
}

/** Width of the range that is remembered; 0 while there is none. */
export const widthOf = ({ lowest, highest }: Range): number => highest[0] - lowest[0];

/** How far a number lies outside all that is remembered, as a share of that range. */
export function distance(own: Range, x: number, { warmupRows, leastWidth = 0 }: RangeOptions): number {
  return own.rows[0] < warmupRows ? 0 : outside(x, own.lowest[0], own.highest[0], leastWidth);
}

/** How far a number lies outside these two, as a share of what they are apart. */
export function outside(x: number, lowest: number, highest: number, leastWidth = 0): number {
  const width = Math.max(leastWidth, highest - lowest);
  return width > 0 ? Math.max(0, x - highest, lowest - x) / width : 0;
}

/**
 * What lies outside is remembered as at most so many widths of the range outside, so that one wild number does not make all
 * usual that follows. It may triple the range: what comes a second or third time is known, however far out it is.
 */
const reach = 2;

/** Takes a number into the range. */
export function remember(own: Range, x: number, options: RangeOptions): void {
  const young = own.rows[0] < options.warmupRows;
  take(own, young ? x : within(x, own.lowest[0], own.highest[0], options), options);
}

/** A number as far outside these two as is remembered of it. */
export function within(x: number, lowest: number, highest: number, { leastWidth = 0 }: RangeOptions): number {
  // Where nothing has ever moved, no width says what is far.
  const most = reach * Math.max(leastWidth, highest - lowest);
  return most > 0 ? Math.max(lowest - most, Math.min(highest + most, x)) : x;
}

/** Takes a number into the range as it is. */
export function take(own: Range, x: number, { memoryRows }: RangeOptions): void {
  const { rows, low, high, lowest, highest } = own;
  const stretch = Math.ceil(memoryRows / stretches);
  const row = rows[0]++;
  const at = Math.floor(row / stretch) % stretches;
  if (row % stretch > 0) {
    low[at] = Math.min(low[at], x);
    high[at] = Math.max(high[at], x);
    lowest[0] = Math.min(lowest[0], x);
    highest[0] = Math.max(highest[0], x);
    return;
  }
  low[at] = x;
  high[at] = x;
  const known = Math.min(stretches, row / stretch + 1);
  lowest[0] = x;
  highest[0] = x;
  for (let s = 0; s < known; s++) {
    lowest[0] = Math.min(lowest[0], low[s]);
    highest[0] = Math.max(highest[0], high[s]);
  }
}

/** Widens the range by numbers that belong to rows that it has counted. */
export function widen(own: Range, low: number, high: number, { memoryRows }: RangeOptions): void {
  const at = Math.floor((own.rows[0] - 1) / Math.ceil(memoryRows / stretches)) % stretches;
  own.low[at] = Math.min(own.low[at], low);
  own.high[at] = Math.max(own.high[at], high);
  own.lowest[0] = Math.min(own.lowest[0], low);
  own.highest[0] = Math.max(own.highest[0], high);
}

import { f64, type Row, u32 } from '../../state/layout.js';

/** Ranges of eight stretches of the past: the oldest is forgotten at once. */
const stretches = 8;

/** Where a number used to lie: lowest and highest of each stretch. */
export const rangeLayout = { rows: u32(), low: f64(stretches), high: f64(stretches) };
export type Range = Row<typeof rangeLayout>;

export interface RangeOptions {
  /** Rows that must have been seen before anything is novel. */
  readonly warmupRows: number;
  /** Rows after which an extreme is forgotten, give or take an eighth. */
  readonly memoryRows: number;
}

/** Width of the range that is remembered; 0 while there is none. */
export function widthOf({ rows, low, high }: Range, { memoryRows }: RangeOptions): number {
  const known = Math.min(stretches, Math.ceil(rows[0] / Math.ceil(memoryRows / stretches)));
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < known; s++) {
    lowest = Math.min(lowest, low[s]);
    highest = Math.max(highest, high[s]);
  }
  return known === 0 ? 0 : highest - lowest;
}

/** How far a number lies outside all that is remembered, as a share of that range; it is then remembered itself. */
export function novelty(own: Range, x: number, { warmupRows, memoryRows }: RangeOptions): number {
  const { low, high } = own;
  const stretch = Math.ceil(memoryRows / stretches);
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  const known = Math.min(stretches, Math.ceil(own.rows[0] / stretch));
  for (let s = 0; s < known; s++) {
    lowest = Math.min(lowest, low[s]);
    highest = Math.max(highest, high[s]);
  }
  const at = Math.floor(own.rows[0] / stretch) % stretches;
  if (own.rows[0] % stretch === 0) {
    low[at] = x;
    high[at] = x;
  } else {
    low[at] = Math.min(low[at], x);
    high[at] = Math.max(high[at], x);
  }
  own.rows[0]++;
  if (own.rows[0] <= warmupRows || !(highest > lowest)) return 0;
  return Math.max(0, x - highest, lowest - x) / (highest - lowest);
}

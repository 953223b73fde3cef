import { kernels } from '../../models/kernels/index.js';
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
  /** What a range counts as at least; without one nothing lies outside a range of no width. */
  readonly leastWidth?: number;
}

/** Width of the range that is remembered; 0 while there is none. */
export function widthOf(own: Range, { memoryRows }: RangeOptions): number {
  const known = knownStretches(own, Math.ceil(memoryRows / stretches));
  return known === 0 ? 0 : highestOf(own, known) - lowestOf(own, known);
}

/** Where a number used to lie. */
export interface Edges {
  readonly low: number;
  readonly high: number;
}

/** The range that is remembered. */
export function edgesOf(own: Range, { memoryRows }: RangeOptions): Edges {
  const known = knownStretches(own, Math.ceil(memoryRows / stretches));
  return { low: lowestOf(own, known), high: highestOf(own, known) };
}

/** The range as it was before it took in `x`, of which `news` had told so many nats: only the edge on its side has moved. */
export function edgesBefore(own: Range, x: number, nats: number, noNews: number, options: RangeOptions): Edges {
  const { low, high } = edgesOf(own, options);
  const far = noNews + little * (kernels.exp(nats) - 1);
  const above = x - low > high - x;
  const width = Math.max(options.leastWidth ?? 0, (above ? x - low : high - x) / (1 + far));
  return above ? { low, high: x - far * width } : { low: x + far * width, high };
}

/** How far a number lies outside all that is remembered, as a share of that range; it is then remembered itself. */
export function novelty(own: Range, x: number, options: RangeOptions): number {
  const far = distance(own, x, options);
  remember(own, x, options);
  return far;
}

/** Share of a range that is little: as far outside says something. */
const little = 0.01;

/** Logarithm of how far a number lies outside its range, beyond a share of it that is no news; it is then remembered. */
export function news(own: Range, x: number, options: RangeOptions, noNews: number): number {
  if (!Number.isFinite(x)) return 0;
  const far = novelty(own, x, options);
  return far > noNews ? kernels.log1p((far - noNews) / little) : 0;
}

/** How far a number lies outside all that is remembered, as a share of that range. */
export function distance(own: Range, x: number, { warmupRows, memoryRows, leastWidth = 0 }: RangeOptions): number {
  const known = knownStretches(own, Math.ceil(memoryRows / stretches));
  const lowest = lowestOf(own, known);
  const highest = highestOf(own, known);
  const width = Math.max(leastWidth, highest - lowest);
  if (own.rows[0] < warmupRows || !(width > 0)) return 0;
  return Math.max(0, x - highest, lowest - x) / width;
}

/**
 * What lies outside is remembered as at most so many widths of the range outside, so that one wild number does not make all
 * usual that follows. It may triple the range: what comes a second or third time is known, however far out it is.
 */
const reach = 2;

/** Takes a number into the range. */
export function remember(own: Range, number: number, options: RangeOptions): void {
  const { rows, low, high } = own;
  const stretch = Math.ceil(options.memoryRows / stretches);
  const x = learnable(own, number, options);
  const at = Math.floor(rows[0] / stretch) % stretches;
  const first = rows[0] % stretch === 0;
  low[at] = first ? x : Math.min(low[at], x);
  high[at] = first ? x : Math.max(high[at], x);
  rows[0]++;
}

function learnable(own: Range, x: number, { warmupRows, memoryRows, leastWidth = 0 }: RangeOptions): number {
  if (own.rows[0] < warmupRows) return x;
  const known = knownStretches(own, Math.ceil(memoryRows / stretches));
  const lowest = lowestOf(own, known);
  const highest = highestOf(own, known);
  // Where nothing has ever moved, no width says what is far.
  const most = reach * Math.max(leastWidth, highest - lowest);
  return most > 0 ? Math.max(lowest - most, Math.min(highest + most, x)) : x;
}

const knownStretches = ({ rows }: Range, stretch: number): number => Math.min(stretches, Math.ceil(rows[0] / stretch));

function lowestOf({ low }: Range, known: number): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (let s = 0; s < known; s++) lowest = Math.min(lowest, low[s]);
  return lowest;
}

function highestOf({ high }: Range, known: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < known; s++) highest = Math.max(highest, high[s]);
  return highest;
}

import { kernels } from '../../models/kernels/index.js';
import { f64, type Row } from '../../state/layout.js';
import type { RangeOptions } from './range.js';
import { meanOf, push, type Recent, recentLayout } from './recent.js';
import { type Incident, learnNumber, news, type Trust, trustLayout } from './trust.js';

/** Rows over which gaps and missing values are looked at. */
export const gapRows = 10;
export const missingRows = 20;

/** When and how completely the rows of a key come: its last gaps and missing shares, and all these have ever been. */
export const arrivalLayout = {
  lastMs: f64(),
  gaps: recentLayout(gapRows),
  missing: recentLayout(missingRows),
  /** What was lately seen of both, until it is remembered. */
  lateGaps: recentLayout(gapRows),
  lateShares: recentLayout(missingRows),
  gap: trustLayout,
  share: trustLayout,
};
export type Arrival = Row<typeof arrivalLayout>;

/** Gaps that change by less than a factor e, and missing values below a quarter, are no news of their own. */
const gapRange: RangeOptions = { warmupRows: 20, memoryRows: 5000, leastWidth: 1 };
const shareRange: RangeOptions = { warmupRows: 20, memoryRows: 5000, leastWidth: 0.25 };
const noNews = 1;

/** How new the pace of a key's rows is: a burst, or a slowing down. */
export function paceNewness(own: Arrival, timeMs: number, incident: Incident): number {
  const gapMs = timeMs - own.lastMs[0];
  const first = own.lastMs[0] === 0;
  own.lastMs[0] = timeMs;
  if (first) return 0;
  push(own.gaps, Math.max(0, gapMs));
  return beyond(own.gap, own.lateGaps, kernels.log(1 + meanOf(own.gaps, gapRows)), gapRange, incident);
}

/** How new the share of values is that are missing, of `missing` in this row. */
export function missingNewness(own: Arrival, missing: number, incident: Incident): number {
  push(own.missing, missing);
  return beyond(own.share, own.lateShares, meanOf(own.missing, missingRows), shareRange, incident);
}

/**
 * Logarithm of how far a mean lies outside its range. It moves by little from row to row, so it is remembered only when
 * all the rows have passed that it is a mean of: its own beginning must not make it usual.
 */
function beyond(own: Trust, late: Recent, x: number, options: RangeOptions, incident: Incident): number {
  if (!Number.isFinite(x)) return 0;
  const { ring, count } = late;
  learnNumber(own, count[0] >= ring.length ? ring[count[0] % ring.length] : Number.NaN, options, incident);
  push(late, x);
  return news(own, x, options, noNews);
}

import { kernels } from '../../models/kernels/index.js';
import type { Row } from '../../state/layout.js';
import { novelty, type RangeOptions, rangeLayout } from './range.js';
import { recentLayout, recentMean } from './recent.js';

/** Rows over which the level, the error of the forecast and the surprise are averaged. */
const levelRows = 20;
const errorRows = 10;
const surpriseRows = 100;

/** State of one channel: what its value, level, forecast error and surprise have ever been. */
export const noveltyLayout = {
  value: rangeLayout,
  level: rangeLayout,
  levels: recentLayout(levelRows),
  error: rangeLayout,
  errors: recentLayout(errorRows),
  surprise: rangeLayout,
  surprises: recentLayout(surpriseRows),
};
export type Novelty = Row<typeof noveltyLayout>;

/** Share of a range that is little: as far outside says something. */
const little = 0.01;
/** Means of what a memory makes of the values drift more than the values: records by less than this are no news. */
const drift = 0.05;

const range: RangeOptions = { warmupRows: 100, memoryRows: 5000 };

/**
 * How new what a channel shows is: the sum over value, level, mean forecast error and mean surprise of how far each is
 * outside its own past, in logarithms, so that one wild number does not drown the rest and two kinds say more than one.
 */
export function newness(own: Novelty, value: number, error: number, surprise: number): number {
  let sum = weigh(novelty(own.value, value, range), 0);
  const level = recentMean(own.levels, value);
  if (!Number.isNaN(level)) sum += weigh(novelty(own.level, level, range), 0);
  if (Number.isNaN(error)) return sum;
  const meanError = recentMean(own.errors, error);
  if (!Number.isNaN(meanError)) sum += weigh(novelty(own.error, meanError, range), drift);
  const meanSurprise = recentMean(own.surprises, surprise);
  if (!Number.isNaN(meanSurprise)) sum += weigh(novelty(own.surprise, meanSurprise, range), drift);
  return sum;
}

const weigh = (outside: number, from: number): number =>
  outside > from ? kernels.log1p((outside - from) / little) : 0;

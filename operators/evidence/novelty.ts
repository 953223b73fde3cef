import { kernels } from '../../models/kernels/index.js';
import type { Row } from '../../state/layout.js';
import { novelty, type Range, type RangeOptions, rangeLayout, widthOf } from './range.js';
import { deviationOf, highestOf, lowestOf, meanOf, push, recentLayout } from './recent.js';

/** Rows over which a number is looked at. */
const errorRows = 10;
const levelRows = 20;
const edgeRows = 40;
const longRows = 100;

/** State of one channel: its last values, errors and surprises, and all that each kind of number has ever been. */
export const noveltyLayout = {
  values: recentLayout(longRows),
  errors: recentLayout(errorRows),
  sides: recentLayout(longRows),
  surprises: recentLayout(longRows),
  value: rangeLayout,
  level: rangeLayout,
  slowLevel: rangeLayout,
  spread: rangeLayout,
  floor: rangeLayout,
  ceiling: rangeLayout,
  error: rangeLayout,
  bias: rangeLayout,
  surprise: rangeLayout,
};
export type Novelty = Row<typeof noveltyLayout>;

/** Share of a range that is little: as far outside says something. */
const little = 0.01;
/** What is slow or made by a memory leaves its range often and by little: that is no news. */
const drift = 0.05;
/** The slow level tells of the same as the level, later. */
const slowWeight = 0.5;
const leastSpread = 1e-6;

const range: RangeOptions = { warmupRows: 100, memoryRows: 5000 };

/**
 * How new what a channel shows is: the sum over several kinds of numbers of how far each is outside its own past, in
 * logarithms, so that one wild number does not drown the rest and two kinds say more than one. The kinds: the value; its
 * mean over a short and a long time, its spread; its floor and its ceiling (a load that no longer rests, a signal that no longer
 * peaks); the error of its forecast, its bias to one side, and the surprise.
 */
export function newness(own: Novelty, value: number, error: number, surprise: number): number {
  const { values, errors, sides, surprises } = own;
  push(values, value);
  const ofValues =
    outside(own.value, value, 0) +
    outside(own.level, meanOf(values, levelRows), 0) +
    slowWeight * outside(own.slowLevel, meanOf(values, longRows), 0) +
    outside(own.spread, spread(own), drift) +
    outside(own.floor, lowestOf(values, edgeRows), drift) +
    outside(own.ceiling, highestOf(values, edgeRows), drift);
  if (Number.isNaN(error) || Number.isNaN(surprise)) return ofValues;
  push(errors, error);
  push(sides, Math.sign(error));
  push(surprises, surprise);
  return (
    ofValues +
    outside(own.error, meanOf(errors, errorRows), drift) +
    outside(own.bias, meanOf(sides, longRows), drift) +
    outside(own.surprise, meanOf(surprises, longRows), drift)
  );
}

/** Logarithm of the standard deviation of the last rows, down to a millionth of the range of the values. */
function spread({ values, value }: Novelty): number {
  return kernels.log(Math.max(deviationOf(values, longRows), leastSpread * widthOf(value, range)));
}

/** Logarithm of how far a number lies outside its range, beyond a share of it that is no news. */
function outside(own: Range, x: number, noNews: number): number {
  if (!Number.isFinite(x)) return 0;
  const far = novelty(own, x, range);
  return far > noNews ? kernels.log1p((far - noNews) / little) : 0;
}

import { kernels } from '../../models/kernels/index.js';
import type { Row } from '../../state/layout.js';
import { news, type RangeOptions, rangeLayout, widthOf } from './range.js';
import { deviationOf, highestOf, lowestOf, meanOf, push, recentLayout } from './recent.js';

/** Rows over which a number is looked at. */
export const errorRows = 10;
export const levelRows = 20;
export const edgeRows = 40;
export const longRows = 100;

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

/** The kinds of numbers, in the order in which their newness is told. */
export const noveltyKinds = [
  'value',
  'level',
  'slow level',
  'spread',
  'floor',
  'ceiling',
  'forecast error',
  'forecast bias',
  'surprise',
] as const;

/** What is slow or made by a memory leaves its range often and by little: that is no news. */
export const drift = 0.05;
/** The slow level tells of the same as the level, later. */
export const slowWeight = 0.5;
const leastSpread = 1e-6;

export const range: RangeOptions = { warmupRows: 30, memoryRows: 10_000 };

/**
 * How new what a channel shows is: the sum over several kinds of numbers of how far each is outside its own past, in
 * logarithms, so that one wild number does not drown the rest and two kinds say more than one. The kinds: the value; its
 * mean over a short and a long time, its spread; its floor and its ceiling (a load that no longer rests, a signal that no longer
 * peaks); the error of its forecast, its bias to one side, and the surprise. What each kind says is written to `parts`.
 */
export function newness(own: Novelty, value: number, error: number, surprise: number, parts: Float64Array): number {
  const { values, errors, sides, surprises } = own;
  push(values, value);
  parts[0] = news(own.value, value, range, 0);
  parts[1] = news(own.level, meanOf(values, levelRows), range, 0);
  parts[2] = slowWeight * news(own.slowLevel, meanOf(values, longRows), range, 0);
  parts[3] = news(own.spread, spread(own), range, drift);
  parts[4] = news(own.floor, lowestOf(values, edgeRows), range, drift);
  parts[5] = news(own.ceiling, highestOf(values, edgeRows), range, drift);
  parts.fill(0, 6);
  if (!Number.isNaN(error) && !Number.isNaN(surprise)) {
    push(errors, error);
    push(sides, Math.sign(error));
    push(surprises, surprise);
    parts[6] = news(own.error, meanOf(errors, errorRows), range, drift);
    parts[7] = news(own.bias, meanOf(sides, longRows), range, drift);
    parts[8] = news(own.surprise, meanOf(surprises, longRows), range, drift);
  }
  let sum = 0;
  for (let i = 0; i < noveltyKinds.length; i++) sum += parts[i];
  return sum;
}

/** Logarithm of the standard deviation of the last rows, down to a millionth of the range of the values. */
export function spread({ values, value }: Novelty): number {
  return kernels.log(Math.max(deviationOf(values, longRows), leastSpread * widthOf(value, range)));
}

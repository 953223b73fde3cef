import { kernels } from '../models/kernels/index.js';
import type { Prediction } from '../models/model.js';
import { f64, type Layout, type Row, u8 } from '../state/layout.js';
import {
  cumulative,
  density,
  distributionLayout,
  expect,
  firstSlots,
  initDistributions,
  learnError,
  quantile,
} from './distribution.js';

/**
 * Where `interval` has its distributions from: forecast q is `channel * horizons + horizon`, `slot` where it was said. A
 * quantile is asked for in the row in which it was said, what lies below a value one row later, of the shortest horizon.
 */
export interface Shape<L extends Layout = Layout> {
  readonly layout: L;
  start(own: Row<L>): void;
  /** Takes what the memory says of forecast q. */
  expect(own: Row<L>, q: number, slot: number, prediction: Prediction): void;
  /** Whether something was said there that still holds. */
  known(own: Row<L>, slot: number): boolean;
  /** The value that is not passed with probability `level`. */
  quantile(own: Row<L>, q: number, slot: number, level: number): number;
  /** Probability of a value at or below `value`. */
  below(own: Row<L>, q: number, slot: number, value: number): number;
  /** Negative log density of `value`, in nats; undefined where the memory itself tells that of the whole row. */
  surprise?(own: Row<L>, q: number, slot: number, value: number): number;
  learn(own: Row<L>, q: number, slot: number, value: number): void;
  /** Rows no longer follow each other: what was said holds no more. */
  forget(own: Row<L>): void;
}

/**
 * Distributions made of the errors of the forecasts: their width, learned from signs, and their shape. Of a memory that
 * `mends` the usual size is learned at a pace of 1/√h: errors h rows ahead come in runs, so there are fewer to learn from.
 */
export function errorShape(channels: number, horizons: readonly number[], mends = false) {
  const layout = distributionLayout(channels, horizons);
  const paces = horizons.map((h) => (mends ? 1 / Math.sqrt(h) : 1));
  return {
    layout,
    start: initDistributions,
    expect(own, q, slot, { mean, unfloored = mean, spread, gauges }) {
      expect(own, q, slot, unfloored[q], spread[q], gauges, gauges ? gauges.length / mean.length : 0);
    },
    known: (own, slot) => own.scale[slot] > 0,
    quantile: (own, q, slot, level) => own.location[slot] + own.scale[slot] * quantile(own, q, level),
    below: (own, q, slot, value) => cumulative(own, q, (value - own.location[slot]) / own.scale[slot]),
    surprise: (own, q, slot, value) =>
      -kernels.log(density(own, q, (value - own.location[slot]) / own.scale[slot]) / own.scale[slot]),
    learn: (own, q, slot, value) => learnError(own, q, slot, value, paces[q % paces.length]),
    forget: (own) => void own.scale.fill(Number.NaN),
  } satisfies Shape<typeof layout>;
}

/** Distributions that the memory's head tells as quantiles at `levels`: straight between them, exponential beyond. */
export function toldShape(channels: number, horizons: readonly number[], levels: readonly number[]) {
  const count = levels.length;
  const firsts = firstSlots(channels, horizons);
  const slots = firsts[firsts.length - 1] + horizons[horizons.length - 1] + 1;
  const layout = {
    known: u8(slots),
    /** Per channel what was last told of the shortest horizon. */
    table: f64(channels * count),
  };
  const newest = new Float64Array(count); // written before it is read: no state
  /** Mass beyond the outermost levels fades over so much of the stretch to their third neighbours. */
  const low = kernels.log(levels[2] / levels[0]);
  const high = kernels.log((1 - levels[count - 3]) / (1 - levels[count - 1]));
  return {
    layout,
    start() {},
    expect(own, q, slot, { quantiles }) {
      let known = quantiles !== undefined;
      for (let l = 0; l < count; l++) {
        newest[l] = quantiles ? quantiles[q * count + l] : Number.NaN;
        known &&= Number.isFinite(newest[l]);
      }
      own.known[slot] = known ? 1 : 0;
      if (q % horizons.length === 0) own.table.set(newest, (q / horizons.length) * count);
    },
    known: (own, slot) => own.known[slot] === 1,
    quantile(_, __, ___, level) {
      if (level < levels[0]) return newest[0] + ((newest[2] - newest[0]) / low) * kernels.log(level / levels[0]);
      if (level >= levels[count - 1]) {
        const span = (newest[count - 1] - newest[count - 3]) / high;
        return newest[count - 1] - span * kernels.log((1 - level) / (1 - levels[count - 1]));
      }
      const k = below(levels, 0, count, level);
      return newest[k] + ((level - levels[k]) / (levels[k + 1] - levels[k])) * (newest[k + 1] - newest[k]);
    },
    below(own, q, _, value) {
      const { table } = own;
      const at = (q / horizons.length) * count;
      const last = at + count - 1;
      if (value < table[at]) return levels[0] * fade((table[at] - value) / ((table[at + 2] - table[at]) / low));
      if (value >= table[last]) {
        return 1 - (1 - levels[count - 1]) * fade((value - table[last]) / ((table[last] - table[last - 2]) / high));
      }
      const k = below(table, at, count, value);
      const step = table[at + k + 1] - table[at + k];
      return levels[k] + (step > 0 ? (value - table[at + k]) / step : 0.5) * (levels[k + 1] - levels[k]);
    },
    learn() {},
    forget: (own) => void own.known.fill(0),
  } satisfies Shape<typeof layout>;
}

/** e^-x, 0 where a distance of nothing was divided by no width. */
const fade = (x: number): number => (x >= 0 && x < 700 ? kernels.exp(-x) : Number.isNaN(x) ? 1 : 0);

/** The last of the first `count - 1` ascending numbers from `first` on that is at or below `value`. */
function below(ascending: ArrayLike<number>, first: number, count: number, value: number): number {
  let low = 0;
  let high = count - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ascending[first + middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

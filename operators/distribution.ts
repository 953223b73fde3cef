import { even, kernels, packedLength } from '../models/kernels/index.js';
import { f64, type Row, u32 } from '../state/layout.js';

/** Constant, recent error, newest error, the memory's own spread, and at most two further gauges. */
const features = 6;
/** Standardised errors at which the shape is known: dense near zero, sparse far out. */
const gridSize = 61;
const gridReach = 4.2;
const gridScale = 0.5;
/** Errors needed before their size is regressed; of these first ones the largest quarter is not counted. */
const settled = 20;
const firstTrimmed = settled / 4;
/** Forgetting of the regression, of the shape, and of the three running errors. */
const forgetting = 0.9995;
const shapeRate = 1 / 1000;
const slowRate = 1 / 500;
const recentRate = 1 / 50;
const newestRate = 0.15;
/** A label counts at most this many times the running miss, so that one spike does not turn the regression. */
const clip = 5;
/** An error counts at most this many times what was usual: a storm is followed within rows, one spike is not. */
const surge = 10;

/** Below this share of the level nothing is told apart: series that never move keep a width. */
const leastScale = (level: number): number => Math.max(1e-6 * Math.abs(level), 1e-12);

export const grid = Float64Array.from({ length: gridSize }, (_, k) => {
  const u = gridReach * ((2 * k) / (gridSize - 1) - 1);
  return (gridScale * (kernels.exp(u) - kernels.exp(-u))) / 2;
});
const outermost = grid[gridSize - 1];

/** Rows a forecast `horizon` rows ahead must be remembered until its truth has come. */
const slotsOf = (horizon: number): number => horizon + 1;

/** State of the predictive distributions of `channels` series at each horizon, index `channel * horizons + horizon`. */
export function distributionLayout(channels: number, horizons: readonly number[]) {
  const forecasts = channels * horizons.length;
  const slots = channels * horizons.reduce((sum, horizon) => sum + slotsOf(horizon), 0);
  return {
    /** Errors learnt from, and the first of them. */
    count: u32(forecasts),
    first: f64(forecasts * settled),
    /** Running mean absolute error: slow, recent, newest; and the running mean of the memory's own spread. */
    slow: f64(forecasts),
    recent: f64(forecasts),
    newest: f64(forecasts),
    spread: f64(forecasts),
    /** Regression of the log absolute error on the features. */
    weights: f64(forecasts * features),
    covariance: f64(forecasts * packedLength(even(features))),
    missed: f64(forecasts),
    labels: u32(forecasts),
    /** Probability at or below each point of the grid. */
    shape: f64(forecasts * gridSize),
    /** What was said at each of the last rows: location, scale, unit of the regression, features, gain. */
    location: f64(slots),
    scale: f64(slots),
    unit: f64(slots),
    feature: f64(slots * features),
    gain: f64(slots * features),
  };
}
export type Distributions = Row<ReturnType<typeof distributionLayout>>;

/** Begins with Laplace shapes and errors that go on as they were. */
export function initDistributions(own: Distributions): void {
  for (let q = 0; q < own.count.length; q++) {
    kernels.rlsInit(own.covariance.byteOffset + q * packedLength(features) * 8, features, features, 1);
    own.weights[q * features + 1] = 0.3;
    own.weights[q * features + 2] = 0.3;
    for (let k = 0; k < gridSize; k++) {
      const tail = kernels.exp(-Math.abs(grid[k]) / 1.6) / 2;
      own.shape[q * gridSize + k] = grid[k] < 0 ? tail : 1 - tail;
    }
  }
}

/** Where forecast `q` with `horizon` wrote what it said at row `t`; `first` is the first of its slots. */
export const slotAt = (first: number, horizon: number, t: number): number => first + (t % slotsOf(horizon));

/** First slot of every forecast, in the order of the index. */
export function firstSlots(channels: number, horizons: readonly number[]): number[] {
  let next = 0;
  return Array.from({ length: channels }, () => horizons).flatMap((list) =>
    list.map((horizon) => {
      const first = next;
      next += slotsOf(horizon);
      return first;
    }),
  );
}

/**
 * Learns what came of forecast `q` that was said in `slot`: how wrong it was, and how that fits what was promised. `pace`
 * slows down what is learned of its usual size.
 */
export function learnError(own: Distributions, q: number, slot: number, truth: number, pace = 1): void {
  const scale = own.scale[slot];
  if (!(scale > 0)) return;
  const error = truth - own.location[slot];
  const size = Math.abs(error);
  const n = ++own.count[q];
  if (n <= settled) {
    own.first[q * settled + n - 1] = size;
    const usual = firstSize(own.first.subarray(q * settled, q * settled + n));
    own.slow[q] = usual;
    own.recent[q] = usual;
    own.newest[q] = usual;
    return;
  }
  // After a spike the forecast may be the spike: what is told apart hangs on the smaller of the two.
  const least = leastScale(Math.min(Math.abs(truth), Math.abs(own.location[slot])));
  const counted = Math.min(size, surge * Math.max(own.slow[q], own.recent[q], least));
  own.slow[q] += pace * slowRate * (counted - own.slow[q]);
  own.recent[q] += recentRate * (counted - own.recent[q]);
  own.newest[q] += newestRate * (counted - own.newest[q]);
  if (!(own.unit[slot] > 0)) return;
  const smallest = 1e-3 * own.slow[q] + 1e-300;
  regress(own, q, slot, kernels.log(Math.max(size, smallest) / own.unit[slot]));
  const z = error / scale;
  const rate = Math.max(1 / (n + 30), shapeRate);
  const shape = q * gridSize;
  for (let k = 0; k < gridSize; k++) {
    // Half of an error that lies on a point counts: where nothing ever moves, the middle of the shape stays in the middle.
    const beyond = z < grid[k] ? 1 : z > grid[k] ? 0 : 0.5;
    own.shape[shape + k] += rate * (beyond - own.shape[shape + k]);
  }
}

/** Mean of the first errors but the largest ones, so that no spike at the start widens the bands for long. */
function firstSize(sizes: Float64Array): number {
  const ascending = sizes.slice().sort();
  const kept = Math.max(1, sizes.length - Math.ceil((sizes.length * firstTrimmed) / settled));
  let sum = 0;
  for (let i = 0; i < kept; i++) sum += ascending[i];
  return sum / kept;
}

/** Moves the weights along the gain that was worked out when the features were seen. */
function regress(own: Distributions, q: number, slot: number, label: number): void {
  const w = q * features;
  const at = slot * features;
  let miss = label;
  for (let i = 0; i < features; i++) miss -= own.weights[w + i] * own.feature[at + i];
  const count = ++own.labels[q];
  const most = clip * own.missed[q];
  if (count > 50 && Math.abs(miss) > most) miss = miss > 0 ? most : -most;
  own.missed[q] += Math.max(1 / count, 0.01) * (Math.abs(miss) - own.missed[q]);
  for (let i = 0; i < features; i++) own.weights[w + i] += own.gain[at + i] * miss;
}

/** Says in `slot` what forecast `q` expects now: its mean, and a scale from the signs of how far it may miss. */
export function expect(
  own: Distributions,
  q: number,
  slot: number,
  mean: number,
  spread: number,
  gauges: Float64Array | undefined,
  gaugesEach: number,
): void {
  own.location[slot] = mean;
  own.unit[slot] = 0;
  own.scale[slot] = Number.NaN;
  if (!Number.isFinite(mean)) return;
  const least = leastScale(mean);
  const slow = Math.max(own.slow[q], least);
  const wide = spread > 0 ? spread : 0;
  if (own.count[q] <= settled) {
    own.scale[slot] = own.slow[q] > 0 ? slow : Math.max(wide, least);
    return;
  }
  const x = slot * features;
  own.spread[q] = own.spread[q] > 0 ? own.spread[q] + slowRate * (wide - own.spread[q]) : wide;
  own.feature[x] = 1;
  own.feature[x + 1] = ratio(own.recent[q], slow);
  own.feature[x + 2] = ratio(own.newest[q], slow);
  own.feature[x + 3] = wide > 0 && own.spread[q] > 0 ? ratio((wide * slow) / own.spread[q], slow) : 0;
  for (let i = 0; i < features - 4; i++) {
    own.feature[x + 4 + i] = i < gaugesEach && gauges ? ratio(gauges[q * gaugesEach + i], slow) : 0;
  }
  const p = own.covariance.byteOffset + q * packedLength(features) * 8;
  const turn = own.labels[q] % features;
  kernels.rlsObserve(p, at(own.feature, x), at(own.gain, x), features, forgetting, 1, turn, 1);
  let log = 0;
  for (let i = 0; i < features; i++) log += own.weights[q * features + i] * own.feature[x + i];
  own.unit[slot] = slow;
  own.scale[slot] = slow * kernels.exp(Math.max(-4, Math.min(3, log)));
}

const at = (array: Float64Array, index: number): number => array.byteOffset + index * 8;

/** log of a length in units of the slow error, kept within bounds; lengths near zero are alike. */
const ratio = (length: number, unit: number): number =>
  Math.max(-4, Math.min(3, kernels.log((Math.max(0, length) + 0.02 * unit) / unit)));

/** Probability at or below the standardised error z; exponential beyond the grid. */
export function cumulative(own: Distributions, q: number, z: number): number {
  const shape = q * gridSize;
  const low = own.shape[shape];
  const high = own.shape[shape + gridSize - 1];
  if (z <= -outermost) return low * kernels.exp((3 * (z + outermost)) / outermost);
  if (z >= outermost) return 1 - (1 - high) * kernels.exp((-3 * (z - outermost)) / outermost);
  const k = below(grid, 0, z);
  const share = (z - grid[k]) / (grid[k + 1] - grid[k]);
  return own.shape[shape + k] + share * (own.shape[shape + k + 1] - own.shape[shape + k]);
}

/** Standardised error that is not passed with probability `level`. */
export function quantile(own: Distributions, q: number, level: number): number {
  const shape = q * gridSize;
  const low = own.shape[shape];
  const high = own.shape[shape + gridSize - 1];
  if (level <= low) return -outermost + (outermost / 3) * kernels.log(level / low);
  if (level >= high) return outermost - (outermost / 3) * kernels.log((1 - level) / Math.max(1 - high, 1e-12));
  const k = below(own.shape, shape, level);
  const step = own.shape[shape + k + 1] - own.shape[shape + k];
  const share = step > 0 ? (level - own.shape[shape + k]) / step : 0.5;
  return grid[k] + share * (grid[k + 1] - grid[k]);
}

/** Probability density of the standardised error z, a thousandth of it from a Laplace so that it is never zero. */
export function density(own: Distributions, q: number, z: number): number {
  const shape = q * gridSize;
  const laplace = kernels.exp(-Math.abs(z) / 1.6) / 3.2;
  if (Math.abs(z) >= outermost) return Math.max(1e-3 * laplace, 1e-300);
  const k = below(grid, 0, z);
  const slope = (own.shape[shape + k + 1] - own.shape[shape + k]) / (grid[k + 1] - grid[k]);
  return 0.999 * slope + 1e-3 * laplace;
}

/** The last of the first `gridSize - 1` ascending numbers from `first` on that is at or below `value`. */
function below(ascending: Float64Array, first: number, value: number): number {
  let low = 0;
  let high = gridSize - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ascending[first + middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

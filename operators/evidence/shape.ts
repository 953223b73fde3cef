import { f64, type Row, u32 } from '../../state/layout.js';

/** Values in a window. */
const window = 20;
const packed = (window * (window + 1)) / 2;
/** Windows that are learnt before one is judged: a distance from a covariance that has not settled is noise. */
export const shapeWarmupRows = 500;
/** Windows between two factorisations of the covariance. */
const refactorRows = 25;
/** Variance that every value has at least, in variances of the series. */
const ridge = 0.01;
const clip = 50;

/** What windows of a channel look like: their mean and covariance, in running standard deviations of the values. */
export const shapeLayout = {
  count: u32(),
  mean: f64(),
  variance: f64(),
  ring: f64(window),
  windows: u32(),
  centre: f64(window),
  covariance: f64(packed),
  /** Lower triangle whose square the covariance was when it was last factorised. */
  factor: f64(packed),
};
export type Shape = Row<typeof shapeLayout>;

const offset = new Float64Array(window);
const solved = new Float64Array(window);

/**
 * Distance (Mahalanobis) of the last values from what such windows looked like, 1 where they are as usual; NaN while
 * that is not known. The window is then learnt, with a memory of `memoryRows`.
 */
export function strangeness(own: Shape, value: number, memoryRows: number): number {
  standardise(own, value, memoryRows);
  if (own.count[0] < window) return Number.NaN;
  for (let i = 0; i < window; i++) offset[i] = own.ring[(own.count[0] + i) % window] - own.centre[i];
  let distance = Number.NaN;
  if (own.windows[0] >= shapeWarmupRows) {
    if (own.windows[0] % refactorRows === 0) factorise(own);
    distance = Math.sqrt(squared(own.factor) / window);
  }
  learn(own, memoryRows);
  return distance;
}

/** Puts the value into the ring in running deviations from the running mean, and then learns both. */
function standardise(own: Shape, value: number, memoryRows: number): void {
  const deviation = Math.sqrt(own.variance[0]);
  const z = deviation > 0 ? (value - own.mean[0]) / deviation : 0;
  own.ring[own.count[0] % window] = Math.max(-clip, Math.min(clip, z));
  own.count[0]++;
  const rate = 1 / Math.min(own.count[0], memoryRows);
  const away = value - own.mean[0];
  own.mean[0] += rate * away;
  own.variance[0] += rate * ((1 - rate) * away * away - own.variance[0]);
}

/** Takes the window that lies in `offset` into mean and covariance. */
function learn(own: Shape, memoryRows: number): void {
  own.windows[0]++;
  const rate = 1 / Math.min(own.windows[0], memoryRows);
  const { covariance, centre } = own;
  for (let i = 0, at = 0; i < window; i++) {
    centre[i] += rate * offset[i];
    const weight = (1 - rate) * offset[i];
    for (let j = 0; j <= i; j++, at++) covariance[at] += rate * (weight * offset[j] - covariance[at]);
  }
}

/** Cholesky, with the ridge on the diagonal. */
function factorise({ covariance, factor }: Shape): void {
  for (let i = 0, row = 0; i < window; row += ++i) {
    for (let j = 0, other = 0; j <= i; other += ++j) {
      let sum = covariance[row + j] + (i === j ? ridge : 0);
      for (let k = 0; k < j; k++) sum -= factor[row + k] * factor[other + k];
      factor[row + j] = i === j ? Math.sqrt(Math.max(1e-12, sum)) : sum / factor[other + j];
    }
  }
}

/** Squared length of `offset` in the metric of the covariance. */
function squared(factor: Float64Array): number {
  let sum = 0;
  for (let i = 0, row = 0; i < window; row += ++i) {
    let rest = offset[i];
    for (let k = 0; k < i; k++) rest -= factor[row + k] * solved[k];
    solved[i] = rest / factor[row + i];
    sum += solved[i] * solved[i];
  }
  return sum;
}

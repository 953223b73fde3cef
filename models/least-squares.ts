import { f64, i32, type Row, u8 } from '../state/layout.js';
import { even, kernels, packedLength } from './kernels/index.js';
import { modulo } from './series.js';

export interface LeastSquaresOptions {
  /** Most features that are ever used. */
  readonly features: number;
  /** Rows ahead, ascending. */
  readonly horizons: readonly number[];
  /** Forgetting per event, lambda in (0, 1]. */
  readonly forget: number;
  /** Errors are clipped to this many running mean absolute errors. */
  readonly clip: number;
}

/** A scale this many times the one it began with means another world. */
const worldMax = 1024;

/** Whether least squares must begin, because it never did or because values have got an altogether different size. */
export const isOther = (unit: number, scale: number): boolean =>
  unit === 0 || scale >= worldMax * unit || scale <= unit / worldMax;

/** Labels before errors are clipped. */
const trustLabels = 50;
/** Weight of the newest error in the running mean absolute error. */
const deviationRate = 0.01;

/**
 * Recursive least squares for many horizons over one covariance. P depends on the features alone, so one P serves all
 * horizons: at origin s the gain k_s is worked out at once and kept with the features; when the label of horizon h comes,
 * h rows later, W_h <- W_h + k_s (y - W_h phi_s). Every horizon so learns with its own delay and sees only labels that
 * have arrived. Errors are clipped (Huber), P is bounded by its start (see kernels/assembly/rls.ts).
 */
export function leastSquares({ features, horizons, forget, clip }: LeastSquaresOptions) {
  const n = even(features);
  const slots = horizons[horizons.length - 1] + 1;
  const layout = {
    covariance: f64(packedLength(n)),
    /** Features and gains of the last origins, one line each. */
    features: f64(slots * n),
    gains: f64(slots * n),
    /** 1 where an origin may be learned from. */
    ready: u8(slots),
    /** One line per horizon. */
    weights: f64(horizons.length * n),
    /** Running mean absolute error of each horizon, and its labels so far. */
    deviation: f64(horizons.length),
    labels: f64(horizons.length),
    /** What P_jj may not grow above, and the feature whose turn it is. */
    cap: f64(),
    turn: i32(),
  };
  type Own = Row<typeof layout>;

  return {
    layout,
    n,
    /** Begins from nothing: `used` features of typical size 1/sqrt(variance). */
    start(own: Own, used: number, variance: number): void {
      for (const part of [own.weights, own.deviation, own.labels, own.ready]) part.fill(0);
      kernels.rlsInit(own.covariance.byteOffset, n, used, variance);
      own.cap[0] = variance;
    },
    /** Where the features of origin t begin in `own.features`: to be written before `observe`. */
    line: (t: number): number => modulo(t, slots) * n,
    /** The label of the i-th horizon has come at row t. */
    learn(own: Own, t: number, i: number, label: number): void {
      const origin = t - horizons[i];
      const slot = modulo(origin, slots);
      if (origin < 0 || own.ready[slot] === 0 || !(Math.abs(label) < Number.POSITIVE_INFINITY)) return;
      const line = slot * n * 8;
      const weights = own.weights.byteOffset + i * n * 8;
      const error = label - kernels.dot(weights, own.features.byteOffset + line, n);
      const limit = clip * own.deviation[i];
      const labels = ++own.labels[i];
      // The clipped error may still raise the running one, so a lasting rise gets through.
      const clipped = labels > trustLabels ? Math.max(-limit, Math.min(limit, error)) : error;
      own.deviation[i] += Math.max(1 / labels, deviationRate) * (Math.abs(clipped) - own.deviation[i]);
      kernels.axpy(own.gains.byteOffset + line, weights, n, clipped);
    },
    /** Learns that the features of origin t were seen; a filled row is only kept to forecast from. */
    observe(own: Own, t: number, seen: boolean): void {
      const slot = modulo(t, slots);
      own.ready[slot] = seen ? 1 : 0;
      if (!seen) return;
      const line = slot * n * 8;
      const { covariance, features: x, gains, turn, cap } = own;
      const j = turn[0];
      turn[0] = j + 1 === n ? 0 : j + 1;
      kernels.rlsObserve(covariance.byteOffset, x.byteOffset + line, gains.byteOffset + line, n, forget, 1, j, cap[0]);
    },
    /** The forecast of the i-th horizon from origin t. */
    forecast(own: Own, t: number, i: number): number {
      return kernels.dot(own.weights.byteOffset + i * n * 8, own.features.byteOffset + modulo(t, slots) * n * 8, n);
    },
  };
}

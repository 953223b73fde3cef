import { f32, f64, type Row } from '../state/layout.js';
import { even, kernels, packedLength } from './kernels/index.js';
import type { MemoryOptions } from './model.js';
import { modulo, ringRows, type Series, samePhase, slotOf } from './series.js';

/** Rows of errors that are kept, beside the farthest horizon: periods longer than that are left out. */
const errorRows = 448;
/** The newest errors, and of each period the phase of the target with one row on either side. */
const newest = 2;
const phaseRows = 3;
const features = even(newest + 1 + 2 * phaseRows);
const forget = 0.995;
/** Variance of the weights at first, so that they begin small. */
const variance = 0.005;
/** Errors count at most so many of the usual ones. */
const errorMax = 3;

/**
 * Mends a forecast by what it missed of late and at the same phase one period ago, both periods. With z the error of
 * horizon h over the usual one, by least squares that forgets in 200 rows, one small covariance for each horizon:
 *   mended_h = said_h + usual_h clip(w_h (z_t, z_t-1, 1, z at the phase of t + h and its neighbours one S and one L ago), 3)
 * When the shape of a day changes, the day after is told by it, long before profiles and lags have come round. Nothing but
 * errors is kept: the inputs are made again when their label comes. Adds noise where errors have no pattern, so it is to be
 * one voice among others. Cost: 10 x 10 multiply-adds per event and horizon.
 */
export function mending(options: MemoryOptions) {
  const { horizons } = options;
  const count = horizons.length;
  const rows = ringRows(errorRows, options);
  const cells = packedLength(features);
  const names = horizons.map((h) => `h${h}`);
  const layout = {
    /** Per horizon a ring of errors over the usual one, at the row they were made about; 0 where there was no label. */
    error: Object.fromEntries(names.map((name) => [name, f32(rows)])),
    covariance: f64(count * cells),
    weights: f64(count * features),
    labels: f64(count),
    /** The periods that weights were begun with, 0 where there is none that fits. */
    periods: f64(2),
    begun: f64(),
    input: f64(features),
    gain: f64(features),
  };
  type Own = Row<typeof layout>;

  /** Writes the inputs of a horizon at an origin, out of errors that were known there. */
  function look({ input, periods }: Own, ring: Float32Array, origin: number, ahead: number): void {
    let n = 0;
    for (let j = 0; j < newest; j++) input[n++] = known(ring, origin - j, origin);
    input[n++] = 0.3;
    for (let p = 0; p < periods.length; p++) {
      if (periods[p] === 0) continue;
      const row = samePhase(origin + ahead, periods[p], origin);
      for (let j = 0; j < phaseRows; j++) input[n++] = known(ring, row - 1 + j, origin);
    }
    input.fill(0, n);
  }

  function begin(own: Own, series: Series): void {
    own.begun[0] = 1;
    // One row more for the neighbour, and one for the newest.
    const fits = (period: number): boolean => period > 0 && period + horizons[count - 1] + 2 <= rows;
    const held = Array.from(series.periods).filter(fits);
    own.periods.fill(0);
    own.periods.set(held);
    own.weights.fill(0);
    own.labels.fill(0);
    const used = newest + 1 + phaseRows * held.length;
    for (let i = 0; i < count; i++) {
      kernels.rlsInit(own.covariance.byteOffset + i * cells * 8, features, used, variance);
    }
  }

  return {
    layout,
    /** Begins with the periods that the series has now; errors that are kept go on counting. */
    begin,
    /** What was missed at row t by the forecast of the i-th horizon, in usual errors; NaN where nobody knows. */
    learn(own: Own, t: number, i: number, missed: number): void {
      const ring = own.error[names[i]];
      const isKnown = Math.abs(missed) < Number.POSITIVE_INFINITY;
      const error = isKnown ? Math.max(-errorMax, Math.min(errorMax, missed)) : 0;
      const origin = t - horizons[i];
      if (isKnown && origin >= 0 && own.begun[0] === 1) {
        look(own, ring, origin, horizons[i]);
        const { input, gain } = own;
        const weights = own.weights.byteOffset + i * features * 8;
        const covariance = own.covariance.byteOffset + i * cells * 8;
        const left = error - kernels.dot(weights, input.byteOffset, features);
        const turn = modulo(own.labels[i]++, features);
        kernels.rlsObserve(covariance, input.byteOffset, gain.byteOffset, features, forget, 1, turn, variance);
        kernels.axpy(gain.byteOffset, weights, features, left);
      }
      ring[slotOf(ring, t)] = error;
    },
    /** By how many usual errors the forecast made at row t for the i-th horizon is to be moved. */
    say(own: Own, t: number, i: number): number {
      if (own.begun[0] === 0) return 0;
      look(own, own.error[names[i]], t, horizons[i]);
      const weights = own.weights.byteOffset + i * features * 8;
      return Math.max(-errorMax, Math.min(errorMax, kernels.dot(weights, own.input.byteOffset, features)));
    },
  };
}

/** The error at a row, as far as it was known at the origin. */
const known = (ring: Float32Array, row: number, origin: number): number =>
  row >= 0 && row <= origin ? ring[slotOf(ring, row)] : 0;

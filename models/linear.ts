import { f64, type Row } from '../state/layout.js';
import { even, kernels, packedLength } from './kernels/index.js';
import { isOther } from './least-squares.js';
import type { MemoryOptions } from './model.js';
import { holds, modulo, periodRowsMax, ringRows, type Series, samePhase, seenAt, valueAt } from './series.js';
import { type Part, univariate } from './univariate.js';

/** Rows over which the quick trend forgets, and the slow one where no period is known. */
const quickRows = 8;
const slowRows = 96;
const lagRows = 8;
/** Of each period: the phase of the target, and that of now, in the last cycle and in the mean of some before. */
const phaseRows = 4;
const cycles = 5;
const features = even(lagRows + 2 * phaseRows + 2);
const forget = 0.9998;
const clip = 4;
const featureMax = 64;
const trustLabels = 50;
const deviationRate = 0.01;

/**
 * Trend, season and what is left, each with weights of its own for every horizon (Zeng et al., Are Transformers Effective
 * for Time Series Forecasting?, DLinear; Minimalist Traffic Prediction: Linear Layer Is All You Need, STLinear), learned by
 * least squares at every row. Since the seasonal inputs of a horizon are the values at the phase of its own target, every
 * horizon has a covariance of its own, of few features. Inputs are a function of the rows still held, so nothing waits:
 * they are made again when their label comes.
 *   forecast_h = slow + W_h (quick - slow, y_t-j - quick, y at the phases of t + h and t in past cycles - slow, 1)
 */
export function decomposition({ horizons }: MemoryOptions) {
  const count = horizons.length;
  const slots = horizons[count - 1] + 1;
  const cells = packedLength(features);
  const layout = {
    covariance: f64(count * cells),
    weights: f64(count * features),
    deviation: f64(count),
    labels: f64(count),
    /** Both trends at the last origins. */
    quick: f64(slots),
    slow: f64(slots),
    rows: f64(),
    unit: f64(),
    input: f64(features),
    gain: f64(features),
  };
  type Own = Row<typeof layout>;
  const used = ({ periods }: Series): number =>
    lagRows + 2 + phaseRows * ((periods[0] > 0 ? 1 : 0) + (periods[1] > 0 ? 1 : 0));

  /** Writes the inputs of a horizon at an origin. */
  function look({ input, quick, slow, unit }: Own, series: Series, origin: number, ahead: number): void {
    const slot = modulo(origin, slots);
    const level = slow[slot];
    let n = 0;
    input[n++] = 0.1 * unit[0];
    input[n++] = quick[slot] - level;
    for (let j = 0; j < lagRows; j++) input[n++] = valueAt(series, origin - j) - quick[slot];
    for (const period of series.periods) {
      if (period === 0) continue;
      for (const row of [samePhase(origin + ahead, period, origin), origin - period]) {
        input[n++] = holds(series, row) ? valueAt(series, row) - level : 0;
        input[n++] = meanOf(series, row - period, period, level) - level;
      }
    }
    const limit = featureMax * unit[0];
    for (let i = 0; i < n; i++) input[i] = Math.max(-limit, Math.min(limit, input[i]));
    input.fill(0, n);
  }

  /** The label of the i-th horizon has come at row t. */
  function learn(own: Own, series: Series, t: number, i: number): void {
    const origin = t - horizons[i];
    look(own, series, origin, horizons[i]);
    const { input, gain, weights, deviation, labels } = own;
    const w = weights.byteOffset + i * features * 8;
    const p = own.covariance.byteOffset + i * cells * 8;
    const label = valueAt(series, t) - own.slow[modulo(origin, slots)];
    const error = label - kernels.dot(w, input.byteOffset, features);
    const seen = ++labels[i];
    const limit = clip * deviation[i];
    const clipped = seen > trustLabels ? Math.max(-limit, Math.min(limit, error)) : error;
    deviation[i] += Math.max(1 / seen, deviationRate) * (Math.abs(clipped) - deviation[i]);
    const turn = modulo(seen, features);
    const cap = 1 / (own.unit[0] * own.unit[0]);
    kernels.rlsObserve(p, input.byteOffset, gain.byteOffset, features, forget, 1, turn, cap);
    kernels.axpy(gain.byteOffset, w, features, clipped);
  }

  function begin(own: Own, series: Series): void {
    own.unit[0] = series.scale[0];
    for (const part of [own.weights, own.deviation, own.labels]) part.fill(0);
    for (let i = 0; i < count; i++) {
      const p = own.covariance.byteOffset + i * cells * 8;
      kernels.rlsInit(p, features, used(series), 1 / (series.scale[0] * series.scale[0]));
      // The weights begin as a last value: all of the quick trend and of the newest distance from it.
      own.weights[i * features + 1] = 1;
      own.weights[i * features + 2] = 1;
    }
    own.rows[0] = 0;
  }

  return {
    layout,
    outputs: 1,
    seasonal: true,
    start() {},
    step(own, series, t, out, at) {
      const now = valueAt(series, t);
      const slot = modulo(t, slots);
      const before = modulo(t - 1, slots);
      const first = own.rows[0] === 0 && own.unit[0] === 0;
      const span = series.periods[0] || slowRows;
      own.quick[slot] = first ? now : own.quick[before] + (now - own.quick[before]) / quickRows;
      own.slow[slot] = first ? now : own.slow[before] + (now - own.slow[before]) / span;
      if (isOther(own.unit[0], series.scale[0])) {
        if (!(series.scale[0] > 0)) {
          own.rows[0]++;
          out.fill(now, at, at + count);
          return;
        }
        begin(own, series);
      }
      const rows = ++own.rows[0];
      const seen = seenAt(series, t);
      for (let i = 0; i < count; i++) {
        if (seen && rows > horizons[i] + lagRows) learn(own, series, t, i);
        look(own, series, t, horizons[i]);
        out[at + i] =
          own.slow[slot] + kernels.dot(own.weights.byteOffset + i * features * 8, own.input.byteOffset, features);
      }
    },
  } satisfies Part<typeof layout>;
}

/** Mean of the values at the same phase from a row backwards, of those cycles that are held; `none` without any. */
function meanOf(series: Series, row: number, period: number, none: number): number {
  let [sum, count] = [0, 0];
  for (let from = row; count < cycles - 1 && holds(series, from); from -= period) {
    sum += valueAt(series, from);
    count++;
  }
  return count > 0 ? sum / count : none;
}

/**
 * Decomposed linear memory: trend, seasons at the phase of the target and the last values, weighed anew at every row.
 * Good on strong seasons with a wandering level, and small; nothing that is not linear. Cost: two times 22 x 22
 * multiply-adds per event and horizon.
 */
export function linear(options: MemoryOptions) {
  return univariate('linear', 1, options, ringRows(2 * periodRowsMax, options), decomposition(options));
}

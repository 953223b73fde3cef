import { f64, type Row } from '../state/layout.js';
import { type Head, headLevels, signs, weigh } from './head.js';
import { kernels } from './kernels/index.js';

const count = headLevels.length;
const rateLeast = 0.003;
const rateFirst = 0.15;
/** The gap between two levels is taken for at least so much of the usual error, and at most. */
const gapLeast = 0.02;
const gapMost = 2;
/** A label that lies this close to a quantile, in usual errors, moves it by its share: exact hits move nothing. */
const soft = 1e-6;

/**
 * Every level has a quantile that is linear in the signs, learned from the pinball loss (Koenker and Bassett, Regression
 * quantiles) in steps as long as the density about it asks, which makes them Newton's for a constant:
 *   q_l = W_l x,   W_l += rate (tau_l - 1{y < q_l})/f_l x/(1 + x'x),   f_l = step of levels over step of quantiles about l
 * No shape is assumed; what crosses is put in order when told. Known weakness: outermost levels learn from few rows.
 */
export function quantileHead(forecasts: number) {
  const layout = { weight: f64(forecasts * count * signs), labels: f64(forecasts) };
  // Written before it is read: no state.
  const told = new Float64Array(count);

  /** Works out the quantiles at the signs, in order. */
  function place(own: Row<typeof layout>, q: number, x: Float64Array, at: number): void {
    for (let l = 0; l < count; l++) told[l] = weigh(own.weight, (q * count + l) * signs, x, at);
    told.sort();
  }

  return {
    layout,
    version: 1,
    start(own) {
      for (let q = 0; q < forecasts; q++) {
        // A Laplace distribution, whose mean absolute error is one.
        for (let l = 0; l < count; l++) {
          const tau = headLevels[l];
          own.weight[(q * count + l) * signs] = tau < 0.5 ? kernels.log(2 * tau) : -kernels.log(2 * (1 - tau));
        }
      }
    },
    surprise(own, q, x, at, r) {
      place(own, q, x, at);
      return -kernels.log(densityAt(told, r));
    },
    learn(own, q, x, at, r) {
      place(own, q, x, at);
      const labels = ++own.labels[q];
      let square = 1;
      for (let j = 0; j < signs; j++) square += x[at + j] * x[at + j];
      const rate = (2 * Math.max(rateLeast, rateFirst / Math.sqrt(labels + 8))) / square;
      for (let l = 0; l < count; l++) {
        const w = (q * count + l) * signs;
        const own0 = weigh(own.weight, w, x, at);
        const [a, b] = [Math.max(0, l - 1), Math.min(count - 1, l + 1)];
        const gap = Math.max(gapLeast, Math.min(gapMost, (told[b] - told[a]) / 2));
        const density = (headLevels[b] - headLevels[a]) / 2 / gap;
        const beyond = Math.max(0, Math.min(1, 0.5 + (own0 - r) / soft));
        // No step is longer than a quarter of the usual error: far levels would leap at every hit.
        const step = Math.max(-0.25, Math.min(0.25, (rate * (headLevels[l] - beyond)) / density));
        for (let j = 0; j < signs; j++) own.weight[w + j] += step * x[at + j];
      }
    },
    quantiles(own, q, x, at, out, to) {
      place(own, q, x, at);
      for (let l = 0; l < count; l++) out[to + l] = told[l];
    },
  } satisfies Head<typeof layout>;
}

/** Density between two quantiles: the step of levels over the step of quantiles; exponential beyond the outermost. */
export function densityAt(quantiles: Float64Array, r: number): number {
  const last = count - 1;
  const floor = 1e-3;
  if (r < quantiles[0] || r >= quantiles[last]) {
    const low = r < quantiles[0];
    const width = low ? quantiles[2] - quantiles[0] : quantiles[last] - quantiles[last - 2];
    const span = Math.max(floor, width / kernels.log(headLevels[2] / headLevels[0]));
    const mass = headLevels[0];
    const out = low ? quantiles[0] - r : r - quantiles[last];
    return Math.max(1e-12, (mass / span) * kernels.exp(Math.max(-600, -out / span)));
  }
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (quantiles[middle] <= r) low = middle;
    else high = middle;
  }
  // Over three stretches: the steps of single ones are noise.
  const [from, to] = [Math.max(0, low - 1), Math.min(last, high + 1)];
  return (headLevels[to] - headLevels[from]) / Math.max(floor, quantiles[to] - quantiles[from]);
}

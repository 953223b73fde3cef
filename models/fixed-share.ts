import { kernels } from './kernels/index.js';

/**
 * One row of the fixed-share forecaster (Herbster and Warmuth, Tracking the best expert): experts are weighted by
 *   p_k <- (1 - a) p_k exp(-e l_k) / sum_j p_j exp(-e l_j) + a/K
 * in place, `weight[from]` being that of the first of K experts. For losses |l_k| <= 1/e, whatever they are and whoever
 * made them, and for every sequence of experts i_1 .. i_T that changes m times,
 *   sum_t (sum_k p_k l_k - l_{i_t})  <=  ((m + 1) ln K + m ln(1/a) + (T - m - 1) ln(1/(1 - a))) / e  +  e sum_t sum_k p_k l_k^2
 * (exp(-x) <= 1 - x + x^2 for |x| <= 1, and a weight never falls below a/K). So it is never worse than the best expert of
 * each regime for long, at the price of some hundred rows for every change.
 */
export function shareWeights(
  weight: Float64Array,
  from: number,
  loss: Float64Array,
  experts: number,
  rate: number,
  share: number,
): void {
  let sum = 0;
  for (let k = 0; k < experts; k++) {
    const w = weight[from + k] * kernels.exp(-rate * loss[k]);
    weight[from + k] = w;
    sum += w;
  }
  for (let k = 0; k < experts; k++) weight[from + k] = ((1 - share) * weight[from + k]) / sum + share / experts;
}

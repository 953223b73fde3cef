import { f64, type Row } from '../state/layout.js';
import { type Head, headLevels, signs, weigh } from './head.js';
import { kernels } from './kernels/index.js';

const logRootTwoPi = 0.9189385332046727;
const rootTwo = Math.SQRT2;
/** Logarithms of deviations stay within this, means within so many usual errors. */
const logMax = 4;
const meanMax = 20;
/** The slowest rate of learning, and the labels after which it is reached by 1/sqrt(n). */
const rateLeast = 0.005;
const rateFirst = 0.6;
/** One label moves a deviation as if it lay at most so many deviations out. */
const outMost = 3;
/** Beyond so many deviations a component has no mass to speak of. */
const farthest = 4;
/** Points at which the distribution function is worked out, to find quantiles between them. */
const gridSize = 40;

/**
 * A mixture of normal densities whose shares, means and deviations are linear in the signs (Graves, Generating Sequences With
 * Recurrent Neural Networks), learned by natural gradients at every label:
 *   pi = softmax(A x), mu = M x, log sigma = S x;   r_k = pi_k N_k / sum pi N
 *   A_k += n (r_k - pi_k) x,  M_k += n r_k (y - mu_k) x,  S_k += n r_k ((y - mu_k)^2/sigma_k^2 - 1)/2 x,  n = rate/(1 + x'x)
 * With one component and the first sign alone, which is 1, it is a running mean and deviation: the Gaussian head.
 * Known weakness: components may share one peak, so more of them than there are peaks cost some rows.
 */
export function densityHead(components: number, used = signs) {
  return (forecasts: number) => {
    const layout = {
      share: f64(forecasts * components * used),
      mean: f64(forecasts * components * used),
      deviation: f64(forecasts * components * used),
      labels: f64(forecasts),
    };
    // All are written before they are read: no state.
    const pi = new Float64Array(components);
    const mu = new Float64Array(components);
    const sigma = new Float64Array(components);
    const part = new Float64Array(components);
    const point = new Float64Array(gridSize);
    const below = new Float64Array(gridSize);

    /** Works out the components at the signs. */
    function place(own: Row<typeof layout>, q: number, x: Float64Array, at: number): void {
      let most = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < components; k++) {
        const w = (q * components + k) * used;
        pi[k] = weigh(own.share, w, x, at, used);
        mu[k] = Math.max(-meanMax, Math.min(meanMax, weigh(own.mean, w, x, at, used)));
        sigma[k] = kernels.exp(Math.max(-logMax, Math.min(logMax, weigh(own.deviation, w, x, at, used))));
        most = Math.max(most, pi[k]);
      }
      let sum = 0;
      for (let k = 0; k < components; k++) {
        pi[k] = kernels.exp(Math.max(-30, pi[k] - most));
        sum += pi[k];
      }
      for (let k = 0; k < components; k++) pi[k] /= sum;
    }

    /** −log of the density at r, with the parts of the components in `part`. */
    function told(r: number): number {
      let most = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < components; k++) {
        const z = (r - mu[k]) / sigma[k];
        part[k] = kernels.log(pi[k]) - 0.5 * z * z - kernels.log(sigma[k]) - logRootTwoPi;
        most = Math.max(most, part[k]);
      }
      let sum = 0;
      for (let k = 0; k < components; k++) {
        part[k] = kernels.exp(Math.max(-700, part[k] - most));
        sum += part[k];
      }
      for (let k = 0; k < components; k++) part[k] /= sum;
      return -(most + kernels.log(sum));
    }

    return {
      layout,
      version: 1,
      start(own) {
        for (let q = 0; q < forecasts; q++) {
          for (let k = 0; k < components; k++) {
            const w = (q * components + k) * used;
            // Spread over the usual error, in units of its mean size.
            own.mean[w] = components > 1 ? (2.4 * k) / (components - 1) - 1.2 : 0;
            own.deviation[w] = components > 1 ? -0.2 : 0.2;
          }
        }
      },
      surprise(own, q, x, at, r) {
        place(own, q, x, at);
        return told(r);
      },
      learn(own, q, x, at, r) {
        place(own, q, x, at);
        told(r);
        const labels = ++own.labels[q];
        let square = 1;
        for (let j = 0; j < used; j++) square += x[at + j] * x[at + j];
        const rate = (2 * Math.max(rateLeast, rateFirst / Math.sqrt(labels + 8))) / square;
        for (let k = 0; k < components; k++) {
          const w = (q * components + k) * used;
          const z = Math.max(-outMost, Math.min(outMost, (r - mu[k]) / sigma[k]));
          const share = rate * (part[k] - pi[k]);
          const mean = rate * part[k] * z * sigma[k];
          const deviation = 0.5 * rate * part[k] * (z * z - 1);
          for (let j = 0; j < used; j++) {
            own.share[w + j] += share * x[at + j];
            own.mean[w + j] += mean * x[at + j];
            own.deviation[w + j] += deviation * x[at + j];
          }
        }
      },
      quantiles(own, q, x, at, out, to) {
        place(own, q, x, at);
        let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
        for (let k = 0; k < components; k++) {
          low = Math.min(low, mu[k] - 3.5 * sigma[k]);
          high = Math.max(high, mu[k] + 3.5 * sigma[k]);
        }
        // Half of the points are spread evenly, half stand about the components, where the function is steep.
        let placed = 0;
        const each = Math.floor(gridSize / 2 / components);
        for (let k = 0; k < components; k++) {
          for (let j = 0; j < each; j++) point[placed++] = mu[k] + sigma[k] * ((5 * (j + 0.5)) / each - 2.5);
        }
        for (let j = 0, rest = gridSize - placed; j < rest; j++)
          point[placed++] = low + ((high - low) * j) / (rest - 1);
        point.sort();
        for (let j = 0; j < gridSize; j++) {
          below[j] = 0;
          for (let k = 0; k < components; k++) {
            const z = (point[j] - mu[k]) / sigma[k];
            below[j] += pi[k] * (z > farthest ? 1 : z < -farthest ? 0 : 0.5 * kernels.erfc(-z / rootTwo));
          }
        }
        let j = 0;
        for (let l = 0; l < headLevels.length; l++) {
          while (j < gridSize - 2 && below[j + 1] < headLevels[l]) j++;
          const step = below[j + 1] - below[j];
          const along = step > 0 ? (headLevels[l] - below[j]) / step : 0;
          out[to + l] = point[j] + Math.max(0, Math.min(1, along)) * (point[j + 1] - point[j]);
        }
      },
    } satisfies Head<typeof layout>;
  };
}

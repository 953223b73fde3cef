import { kernels } from './kernels/index.js';
import type { NetCell } from './net-cell.js';

/** Poles forget within 1 to 4096 rows: beyond, single-precision poles lie on the circle. */
const slowest = -8.3;
const fastest = 0;

/** The diagonal linear recurrence with weights that many series share; of each it keeps x. Windows are learned as in `minNet`. */
export function lruNet(n: number, d: number): NetCell {
  const pairs = 2 * d;
  const weights = pairs + pairs * n;
  const [theta, matrix] = [4 * d, 8 * d];
  return {
    weights,
    /** pole[2d], gamma[d], speed[d] */
    derived: 4 * d,
    state: pairs,
    outputs: pairs,
    // B u; and for a window the traces of poles and inputs, and the gradient of one step.
    roomBytes: () => 4 * (pairs + pairs + pairs * n + weights),
    start: (weight, random) => startLru(weight, n, d, random),
    settle(weight, derived) {
      holdPoles(weight, d);
      const [w, to] = [weight.byteOffset, derived.byteOffset];
      kernels.lruPoles(w, w + theta, to, to + 4 * pairs, to + 12 * d, d);
    },
    step({ weight, derived }, { at, count }, room) {
      kernels.lruStepMany(derived, derived + 4 * pairs, weight + matrix, at, room, count, d, n);
    },
    forward({ weight, derived }, state, input, s, room) {
      const traces = room + 4 * pairs;
      if (s === 0) kernels.zero(traces, pairs + pairs * n);
      kernels.blockProduct(weight + matrix, input, room, pairs / 4, n);
      kernels.lruStep(derived, derived + 4 * pairs, state, traces, traces + 4 * pairs, room, input, d, n);
    },
    back({ weight, derived }, { steps, state, inputs, blame }, gradient, room) {
      const poleTraces = room + 4 * pairs;
      const inputTraces = poleTraces + 4 * pairs;
      const own = inputTraces + 4 * pairs * n;
      const [gamma, speed] = [derived + 4 * pairs, derived + 12 * d];
      kernels.zero(poleTraces, pairs + pairs * n);
      for (let s = 0; s < steps; s++) {
        kernels.blockProduct(weight + matrix, inputs[s], room, pairs / 4, n);
        kernels.lruStep(derived, gamma, state, poleTraces, inputTraces, room, inputs[s], d, n);
        const slopes = blame + 4 * (steps - 1 - s) * pairs;
        const b = weight + matrix;
        kernels.lruGradient(
          derived,
          gamma,
          speed,
          b,
          poleTraces,
          inputTraces,
          slopes,
          own,
          own + theta,
          own + matrix,
          d,
          n,
        );
        kernels.adds(own, gradient, weights);
      }
    },
  };
}

/** Weights nu[d], theta[d], B begin with time constants from 2 rows to 500, and angles that turn at most once within one. */
export function startLru(weight: Float32Array, n: number, d: number, random: () => number): void {
  const size = 1 / Math.sqrt(2 * n);
  for (let j = 0; j < d; j++) {
    const rows = 2 * kernels.exp((5.5 * (j + 0.5)) / d);
    weight[j] = -kernels.log(rows);
    weight[d + j] = Math.min(3, (Math.PI * (1 + random())) / rows);
  }
  for (let i = 2 * d; i < weight.length; i++) weight[i] = size * random();
}

/** Keeps every pole within its bounds. */
export function holdPoles(weight: Float32Array, d: number): void {
  for (let j = 0; j < d; j++) weight[j] = Math.max(slowest, Math.min(fastest, weight[j]));
}

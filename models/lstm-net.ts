import { kernels } from './kernels/index.js';
import type { NetCell } from './net-cell.js';

/** The LSTM cell with weights that many series share; of each it keeps h and c. */
export function lstmNet(m: number, d: number): NetCell {
  const weights = 4 * d * (m + d);
  const slotBytes = 4 * (m + 7 * d);
  return {
    weights,
    derived: 1,
    state: 2 * d,
    outputs: d,
    // Slots of the lanes; or those of a window, slopes in its gates, and its gradient.
    roomBytes: (lanes, steps) => Math.max(lanes * slotBytes, steps * (slotBytes + 16 * d) + 4 * weights),
    start: (weight, random) => startLstm(weight, m, d, random),
    settle() {},
    step({ weight }, { at, count }, room) {
      kernels.lstmStepMany(weight, at, room, count, m, d);
    },
    forward({ weight }, state, input, s, room) {
      const slot = room + s * slotBytes;
      kernels.copy(input, slot, m);
      kernels.lstmStep(weight, state + 4 * d, state, slot, m, d);
    },
    back({ weight }, { steps, blame }, gradient, room) {
      const delta = room + steps * slotBytes;
      const own = delta + steps * 16 * d;
      kernels.lstmBack(weight, room, blame, delta, steps - 1, steps, steps, steps, m, d);
      kernels.lstmGradient(room, delta, own, steps - 1, steps, steps, m, d);
      kernels.adds(own, gradient, weights);
    },
  };
}

/** Weights of an LSTM of m inputs, the first of which is 1, and d units begin: the forget gate open, by its constant. */
export function startLstm(weight: Float32Array, m: number, d: number, random: () => number): void {
  const n = m + d;
  const size = 1 / Math.sqrt(n);
  for (let i = 0; i < weight.length; i++) weight[i] = size * random();
  for (let q = 0; q < d / 4; q++) weight.fill(1, q * n * 16 + 4, q * n * 16 + 8);
}

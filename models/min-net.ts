import { kernels } from './kernels/index.js';
import type { NetCell } from './net-cell.js';

/**
 * minGRU or minLSTM with weights that many series share; of each it keeps h. A window is gone through twice: once for what
 * the cell told, once with traces that begin at zero, whose products with the slopes are its gradient.
 */
export function minNet(kind: 'gru' | 'lstm', n: number, d: number): NetCell {
  const gates = kind === 'gru' ? 2 : 3;
  const advance = kind === 'gru' ? kernels.minGruStep : kernels.minLstmStep;
  const weights = gates * d * n;
  const sumsBytes = 4 * d * (gates + 1);
  const one = (weight: number, state: number, input: number, room: number): void => {
    kernels.blockProduct(weight, input, room, (gates * d) / 4, n);
    advance(state, room, room + 4 * d * gates, d);
  };
  return {
    weights,
    derived: 1,
    state: d,
    outputs: d,
    // Sums of the gates, what traces keep; and for a window the traces and the gradient of one step.
    roomBytes: () => sumsBytes + 8 * weights,
    start: (weight, random) => startMin(weight, kind, n, d, random),
    settle() {},
    step({ weight }, { at, count }, room) {
      kernels.minStepMany(weight, at, room, count, d, n, gates);
    },
    forward({ weight }, state, input, _, room) {
      one(weight, state, input, room);
    },
    back({ weight }, { steps, state, inputs, blame }, gradient, room) {
      const traces = room + sumsBytes;
      const own = traces + 4 * weights;
      kernels.zero(traces, weights);
      for (let s = 0; s < steps; s++) {
        one(weight, state, inputs[s], room);
        kernels.gateTraces(traces, room + 4 * d * gates, room, inputs[s], d, n, gates);
        kernels.gateGradient(traces, blame + 4 * (steps - 1 - s) * d, own, d, n, gates);
        kernels.adds(own, gradient, weights);
      }
    },
  };
}

/** Weights begin with spans from two rows to some two hundred, evenly on a logarithmic scale. */
export function startMin(weight: Float32Array, kind: 'gru' | 'lstm', n: number, d: number, random: () => number): void {
  const gates = kind === 'gru' ? 2 : 3;
  const size = 1 / Math.sqrt(n);
  for (let i = 0; i < weight.length; i++) weight[i] = size * random();
  for (let j = 0; j < d; j++) {
    const rows = 2 * kernels.exp((4.6 * j) / d);
    // The constant of gate 0. minGRU keeps 1 - s(a) = 1 - 1/rows; minLSTM f/(f + i), whose i begins near s(0) = 1/2 and is
    // pressed down instead.
    const at = Math.floor(j / 4) * gates * n * 4 + (j % 4);
    if (kind === 'gru') weight[at] = -kernels.log(rows - 1 + 1e-3);
    else {
      weight[at] = 1;
      weight[at + 4 * n] = -kernels.log(1.368 * rows - 1);
    }
  }
}

import { f32, i32 } from '../state/layout.js';
import { adamOf } from './adam.js';
import type { Cell } from './cell.js';
import { kernels } from './kernels/index.js';
import { scratch } from './kernels/scratch.js';
import { startLstm } from './lstm-net.js';
import type { MemoryOptions } from './model.js';
import { net } from './net.js';
import { cellOf, netShapes } from './net-shapes.js';
import { inputs, recurrent } from './recurrent.js';

export interface LstmOptions {
  readonly inputs: number;
  /** A multiple of four. */
  readonly units: number;
  /** Steps that gradients go back. */
  readonly steps: number;
  /** Of these, how many lie behind the farthest event whose loss still enters. */
  readonly reach: number;
  readonly rate: number;
}

/** The LSTM cell, which learns by truncated backpropagation through a ring of its last steps. */
export function lstmCell({ inputs: m, units: d, steps, reach, rate }: LstmOptions) {
  const n = m + d;
  const weights = 4 * d * n;
  const stride = n + 6 * d;
  const adam = adamOf(weights, rate);
  const layout = {
    weight: f32(weights),
    adam: adam.layout,
    input: f32(m),
    cell: f32(d),
    hidden: f32(d),
    blame: f32(reach * d),
    ring: f32(steps * stride),
    /** Steps in the ring, and the slot of the newest. */
    filled: i32(),
    newest: i32(),
  };
  return {
    layout,
    inputs: m,
    outputs: d,
    reach,
    start(own, random) {
      startLstm(own.weight, m, d, random);
      adam.start(own.adam);
    },
    ports: (own) => own,
    learn({ weight, adam: moments, ring, blame, filled, newest }) {
      const delta = scratch(16 * d * steps + 4 * weights);
      const gradient = delta + 16 * d * steps;
      const w = weight.byteOffset;
      const r = ring.byteOffset;
      const count = filled[0];
      if (count === 0) return;
      kernels.lstmBack(w, r, blame.byteOffset, delta, newest[0], count, steps, reach, m, d);
      const squares = kernels.lstmGradient(r, delta, gradient, newest[0], count, steps, m, d);
      adam.step(moments, w, gradient, 1, squares);
    },
    step({ weight, input, cell, hidden, ring, filled, newest }) {
      const slot = filled[0] === 0 || newest[0] + 1 === steps ? 0 : newest[0] + 1;
      newest[0] = slot;
      if (filled[0] < steps) filled[0]++;
      ring.set(input, slot * stride);
      kernels.lstmStep(
        weight.byteOffset,
        cell.byteOffset,
        hidden.byteOffset,
        ring.byteOffset + 4 * slot * stride,
        m,
        d,
      );
    },
  } satisfies Cell<typeof layout>;
}

/**
 * LSTM with truncated backpropagation through its last 16 steps and Adam after every event, on what a seasonal or plain
 * autoregression leaves over. Learns what is not linear and lasts some rows; slow to learn, and blind beyond
 * its ring while learning. Cost: 31 us per event and 330 kB per key and channel, of which
 * 200 kB are the base's.
 */
export function lstm(options: MemoryOptions) {
  if (options.weights === 'shared') return net('lstm', 1, options, cellOf(netShapes.lstm));
  const cell = lstmCell({ inputs, units: 32, steps: 16, reach: 8, rate: 1e-3 });
  return recurrent('lstm', 1, options, cell);
}

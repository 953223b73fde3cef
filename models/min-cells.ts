import { f32 } from '../state/layout.js';
import { adamOf } from './adam.js';
import type { Cell } from './cell.js';
import { kernels } from './kernels/index.js';
import { scratch } from './kernels/scratch.js';
import { startMin } from './min-net.js';
import type { MemoryOptions } from './model.js';
import { net } from './net.js';
import { cellOf, netShapes } from './net-shapes.js';
import { inputs, recurrent } from './recurrent.js';

export interface MinCellOptions {
  readonly kind: 'gru' | 'lstm';
  readonly inputs: number;
  /** A multiple of four. */
  readonly units: number;
  readonly rate: number;
}

/** The minimal cells whose gates see the input alone, so that one trace per weight makes the gradient exact. */
export function minCell({ kind, inputs: n, units: d, rate }: MinCellOptions) {
  const gates = kind === 'gru' ? 2 : 3;
  const advance = kind === 'gru' ? kernels.minGruStep : kernels.minLstmStep;
  const weights = gates * d * n;
  const adam = adamOf(weights, rate);
  const layout = {
    weight: f32(weights),
    adam: adam.layout,
    trace: f32(weights),
    input: f32(n),
    hidden: f32(d),
    blame: f32(d),
  };
  return {
    layout,
    inputs: n,
    outputs: d,
    reach: 1,
    start(own, random) {
      startMin(own.weight, kind, n, d, random);
      adam.start(own.adam);
    },
    ports: (own) => own,
    learn({ weight, adam: moments, trace, blame }) {
      const gradient = scratch(4 * weights);
      kernels.gateGradient(trace.byteOffset, blame.byteOffset, gradient, d, n, gates);
      adam.step(moments, weight.byteOffset, gradient);
    },
    step({ weight, trace, input, hidden }) {
      const sums = scratch(4 * d * (gates + 1));
      const keep = sums + 4 * d * gates;
      kernels.blockProduct(weight.byteOffset, input.byteOffset, sums, (gates * d) / 4, n);
      advance(hidden.byteOffset, sums, keep, d);
      kernels.gateTraces(trace.byteOffset, keep, sums, input.byteOffset, d, n, gates);
    },
  } satisfies Cell<typeof layout>;
}

/**
 * minGRU with exact real-time recurrent learning, on what a seasonal or plain autoregression leaves over.
 * Cheaper than an LSTM and with no limit to how far back it learns; its gates do not see its own state. Cost: 12 us per
 * event and 270 kB per key and channel.
 */
export function minGru(options: MemoryOptions) {
  if (options.weights === 'shared') return net('mingru', 1, options, cellOf(netShapes.mingru));
  return recurrent('mingru', 1, options, minCell({ kind: 'gru', inputs, units: 48, rate: 1e-3 }));
}

/** minLSTM, whose forget and input gates are apart; else as minGRU. Cost: 14 us per event and 280 kB. */
export function minLstm(options: MemoryOptions) {
  if (options.weights === 'shared') return net('minlstm', 1, options, cellOf(netShapes.minlstm));
  return recurrent('minlstm', 1, options, minCell({ kind: 'lstm', inputs, units: 48, rate: 1e-3 }));
}

import { f32, type Row } from '../state/layout.js';
import { adamOf } from './adam.js';
import type { Cell } from './cell.js';
import { kernels } from './kernels/index.js';
import { scratch } from './kernels/scratch.js';
import { holdPoles, startLru } from './lru-net.js';
import type { MemoryOptions } from './model.js';
import { net } from './net.js';
import { cellOf, netShapes } from './net-shapes.js';
import { inputs, recurrent } from './recurrent.js';

export interface LruOptions {
  readonly inputs: number;
  /** Complex units, a multiple of four. */
  readonly units: number;
  readonly rate: number;
}

/** The diagonal linear recurrence with complex poles that are learned by exact traces. */
export function lruCell({ inputs: n, units: d, rate }: LruOptions) {
  const pairs = 2 * d;
  const weights = pairs + pairs * n;
  const adam = adamOf(weights, rate);
  const layout = {
    /** nu[d], theta[d], B[d/4][part][n][4] */
    weight: f32(weights),
    adam: adam.layout,
    pole: f32(pairs),
    gamma: f32(d),
    speed: f32(d),
    poleTrace: f32(pairs),
    inputTrace: f32(pairs * n),
    input: f32(n),
    hidden: f32(pairs),
    blame: f32(pairs),
  };
  const theta = 4 * d;
  const matrix = 8 * d;
  const place = ({ weight: { byteOffset: w }, pole, gamma, speed }: Row<typeof layout>): void =>
    kernels.lruPoles(w, w + theta, pole.byteOffset, gamma.byteOffset, speed.byteOffset, d);
  return {
    layout,
    inputs: n,
    outputs: pairs,
    reach: 1,
    start(own, random) {
      startLru(own.weight, n, d, random);
      adam.start(own.adam);
      place(own);
    },
    ports: (own) => own,
    learn(own) {
      const { weight, pole, gamma, speed, poleTrace, inputTrace, blame, adam: moments } = own;
      const g = scratch(4 * weights);
      const w = weight.byteOffset;
      kernels.lruGradient(
        pole.byteOffset,
        gamma.byteOffset,
        speed.byteOffset,
        w + matrix,
        poleTrace.byteOffset,
        inputTrace.byteOffset,
        blame.byteOffset,
        g,
        g + theta,
        g + matrix,
        d,
        n,
      );
      adam.step(moments, w, g);
      holdPoles(weight, d);
      place(own);
    },
    step({ weight, pole, gamma, poleTrace, inputTrace, input, hidden }) {
      const sums = scratch(4 * pairs);
      kernels.blockProduct(weight.byteOffset + matrix, input.byteOffset, sums, pairs / 4, n);
      const [x, e, s] = [hidden.byteOffset, poleTrace.byteOffset, inputTrace.byteOffset];
      kernels.lruStep(pole.byteOffset, gamma.byteOffset, x, e, s, sums, input.byteOffset, d, n);
    },
  } satisfies Cell<typeof layout>;
}

/**
 * Linear recurrent unit, a diagonal state-space model, with exact real-time recurrent learning of its poles, on what a
 * seasonal or plain autoregression leaves over. Long spans and slow oscillations; nothing that is not linear.
 * Cost: 13 us per event and 260 kB per key and channel.
 */
export function ssm(options: MemoryOptions) {
  if (options.weights === 'shared') return net('ssm', 1, options, cellOf(netShapes.ssm));
  return recurrent('ssm', 1, options, lruCell({ inputs, units: 24, rate: 1e-3 }));
}

import { f64, type Row } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions } from './model.js';
import { readout } from './readout.js';
import { lagFeatures } from './rls.js';
import { ringRows, valueAt } from './series.js';
import { type Part, univariate } from './univariate.js';

/** Changes that the state holds. */
const order = 96;
const forget = 0.9999;

/**
 * A state-space model whose matrix is a companion matrix, in closed loop (Zhang et al., Effectively Modeling Time Series
 * with Simple Discrete State Spaces, SpaceTime). The state is the last values, A moves them on by one and B writes the newest:
 *   x_t+1 = (A + B C) x_t,   y_t+1 = C x_t
 * C is learned from the row that follows alone, and every longer horizon is reached by going on with what was forecast.
 */
export function companionLoop({ horizons }: MemoryOptions) {
  const far = horizons[horizons.length - 1];
  const next = readout(lagFeatures(order), { channels: 1, horizons: [1], forget });
  const layout = {
    next: next.layout,
    /** The state as changes from now, newest first, behind what the loop adds in front of it. */
    state: f64(order + 1 + far),
  };
  const said = new Float64Array(1); // written before it is read: no state
  return {
    layout,
    outputs: 1,
    seasonal: false,
    start() {},
    step(own, series, t, out, at) {
      const now = valueAt(series, t);
      next.step(own.next, series, t, said, 0);
      const unit = own.next.unit[0];
      if (unit > 0) loop(own, series, t);
      for (let i = 0; i < horizons.length; i++) out[at + i] = unit > 0 ? now + own.state[far - horizons[i]] : now;
    },
  } satisfies Part<typeof layout>;

  /** Runs the model on from row t: what it says of the h-th row ahead comes to stand in `state[far - h]`. */
  function loop({ state, next: learned }: Row<typeof layout>, series: Parameters<Part['step']>[1], t: number): void {
    const { weights } = learned.squares;
    const now = valueAt(series, t);
    let [low, high, sum] = [0, 0, 0];
    for (let j = 0; j <= order; j++) {
      const change = valueAt(series, t - j) - now;
      state[far + j] = change;
      low = Math.min(low, change);
      high = Math.max(high, change);
      if (j < order) sum += weights[j];
    }
    const constant = weights[order] * 0.1 * learned.unit[0];
    // A loop may be unstable while it learns: it is held within the range of the state and as much on either side.
    const room = high - low;
    for (let h = 1; h <= far; h++) {
      const newest = far - h + 1;
      // Weights are those of changes from the newest value, which for the loop is its own last forecast.
      const older = kernels.dot(weights.byteOffset, state.byteOffset + (newest + 1) * 8, order);
      const said = state[newest] * (1 - sum) + older + constant;
      state[newest - 1] = Math.max(low - room, Math.min(high + room, said));
    }
  }
}

/**
 * Companion state space: one set of weights for all horizons, reached step by step. Good where a stream is an
 * autoregression, above all far ahead; errors of the first step grow where it is not. Cost: 97 x 97 multiply-adds per
 * event, 96 per row ahead.
 */
export function companion(options: MemoryOptions) {
  return univariate('companion', 1, options, ringRows(order + 1, options), companionLoop(options));
}

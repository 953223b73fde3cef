import { f32, f64, type Row } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions } from './model.js';
import { randomOf } from './random.js';
import { type Features, readout } from './readout.js';
import { lagFeatures } from './rls.js';
import { periodRowsMax, phases, ringRows, valueAt } from './series.js';
import { univariate } from './univariate.js';

const units = 96;
/** Inputs: a constant, the value, its step, and sine and cosine of the phase in two periods. */
const inputs = 7;
/** Weight of the neighbour on the ring, and of the two at the ends of a jump: their sum is the largest gain of the ring. */
const ringWeight = 0.7;
const jumpWeight = 0.1;
const jumpRows = 7;
/** Weights of the inputs go from the least of these to their sum: from units that hardly bend to ones that do. */
const inputLeast = 0.3;
const inputSpread = 2.5;
/** The slowest unit forgets within this many rows, the fastest at once. */
const slowest = 32;
const inputMax = 4;
const lagRows = 12;
/** Forgetting of the readout per event. */
export const reservoirForget = 0.9999;
const levelRate = 0.001;

/**
 * A reservoir of leaky units on a ring with regular jumps: as good as a random one, with three numbers for its weights and
 * a cost that grows with the units and not with their square (Rodan and Tino, Simple deterministically constructed cycle
 * reservoirs with regular jumps). The gains of each unit sum to 0.9, so what it was begun with fades whatever the input.
 *   x_i <- x_i + a_i (tanh(V_i u + r x_i-1 + j (x_i-7 + x_i+7)) - x_i)
 */
export function reservoir(seed: number) {
  const lags = lagFeatures(lagRows);
  const layout = {
    weight: f32(units * inputs),
    leak: f32(units),
    state: f32(units),
    sum: f32(units),
    input: f64(inputs),
    /** Running mean of the values, and their number. */
    level: f64(),
    rows: f64(),
  };
  type Own = Row<typeof layout>;

  /** Moves the units by what is in `input`. */
  function advance({ weight, leak, state, sum, input }: Own): void {
    for (let i = 0; i < units; i++) {
      let a = ringWeight * state[i === 0 ? units - 1 : i - 1];
      a += jumpWeight * (state[(i + units - jumpRows) % units] + state[(i + jumpRows) % units]);
      for (let k = 0; k < inputs; k++) a += weight[i * inputs + k] * input[k];
      sum[i] = a;
    }
    kernels.tanhs(sum.byteOffset, sum.byteOffset, units);
    for (let i = 0; i < units; i++) state[i] += leak[i] * (sum[i] - state[i]);
  }

  return {
    layout,
    size: lags.size + units,
    warmRows: lagRows,
    seasonal: true,
    start(own) {
      const random = randomOf(seed);
      for (let i = 0; i < units; i++) {
        // From nearly straight to sharply bent, in no order round the ring.
        const size = inputLeast + (inputSpread * ((i * 29) % units)) / units;
        for (let k = 0; k < inputs; k++) own.weight[i * inputs + k] = size * random();
      }
      // Spans from one row to the slowest, in another order.
      for (let i = 0; i < units; i++) {
        own.leak[i] = kernels.exp((-kernels.log(slowest) * ((i * 37) % units)) / (units - 1));
      }
    },
    used: () => lags.size + units,
    advance(own, series, t) {
      const now = valueAt(series, t);
      const scale = series.scale[0];
      const before = t > 0 ? valueAt(series, t - 1) : now;
      own.level[0] += Math.max(1 / ++own.rows[0], levelRate) * (now - own.level[0]);
      if (!(scale > 0)) return;
      own.input[0] = 1;
      own.input[1] = Math.max(-inputMax, Math.min(inputMax, (now - own.level[0]) / scale));
      own.input[2] = Math.max(-inputMax, Math.min(inputMax, (now - before) / scale));
      phases(series, t, own.input, 3);
      advance(own);
    },
    write(own, series, t, unit, x, at) {
      lags.write({}, series, t, unit, x, at, []);
      for (let i = 0; i < units; i++) x[at + lags.size + i] = unit * own.state[i];
    },
  } satisfies Features<typeof layout>;
}

/**
 * Echo-state network: a fixed reservoir and a readout that learns. Good at what is not linear and short; knows no long
 * past, and only what its seed happens to hold. Cost: 110 x 110 multiply-adds per event.
 */
export function echoState(options: MemoryOptions) {
  const { seed = 1 } = options;
  const part = readout(reservoir(seed), { ...options, forget: reservoirForget });
  return { ...univariate('echo-state', 1, options, ringRows(periodRowsMax, options), part), seed };
}

import { f32 } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions } from './model.js';
import { randomOf } from './random.js';
import { type Features, readout } from './readout.js';
import { lagFeatures } from './rls.js';
import { periodRowsMax, phases, ringRows } from './series.js';
import { univariate } from './univariate.js';

const units = 96;
/** Values of the window that go in as changes from now. */
const windowRows = 23;
/** A constant, the window, sine and cosine of the phase in two periods: a multiple of four. */
const inputs = 1 + windowRows + 4;
/** Size of random weights: of the whole window, of the phases, of the constant. */
const windowWeight = 1.5;
const phaseWeight = 1.5;
const biasWeight = 1;
const inputMax = 4;
const forget = 0.9999;

/**
 * A layer of random units on the last values that is never trained (Liang et al., A fast and accurate online sequential
 * learning algorithm for feedforward networks, OS-ELM): phi_j = tanh(w_j [1, window, phases]), beside the window itself.
 */
export function randomLayer(seed: number) {
  const lags = lagFeatures(windowRows);
  const layout = {
    /** [units/4][inputs][4], as the kernel takes it. */
    weight: f32(units * inputs),
    input: f32(inputs),
    hidden: f32(units),
  };
  return {
    layout,
    size: lags.size + units,
    warmRows: windowRows,
    seasonal: true,
    start(own) {
      const random = randomOf(seed);
      for (let block = 0; block < units / 4; block++) {
        for (let k = 0; k < inputs; k++) {
          // Older values weigh less: a unit looks at a window of its own length, some short, some long.
          const window = (windowWeight * kernels.exp((-3 * k) / (windowRows * (1 + (block % 4))))) / Math.sqrt(6);
          const size = k === 0 ? biasWeight : k <= windowRows ? window : phaseWeight;
          for (let i = 0; i < 4; i++) own.weight[(block * inputs + k) * 4 + i] = size * random();
        }
      }
    },
    used: () => lags.size + units,
    advance() {},
    write(own, series, t, unit, x, at) {
      lags.write({}, series, t, unit, x, at, []);
      const { weight, input, hidden } = own;
      input[0] = 1;
      for (let j = 0; j < windowRows; j++) input[j + 1] = Math.max(-inputMax, Math.min(inputMax, x[at + j] / unit));
      phases(series, t, input, windowRows + 1);
      kernels.blockProduct(weight.byteOffset, input.byteOffset, hidden.byteOffset, units / 4, inputs);
      kernels.tanhs(hidden.byteOffset, hidden.byteOffset, units);
      for (let i = 0; i < units; i++) x[at + lags.size + i] = unit * hidden[i];
    },
  } satisfies Features<typeof layout>;
}

/**
 * Online-sequential extreme learning machine: random units on a window and a readout that learns. Good at what is not
 * linear in the last values; has no state, so nothing beyond its window. Cost: 120 x 120 multiply-adds per event.
 */
export function elm(options: MemoryOptions) {
  const { seed = 1 } = options;
  const part = readout(randomLayer(seed), { ...options, forget });
  return { ...univariate('elm', 1, options, ringRows(periodRowsMax, options), part), seed };
}

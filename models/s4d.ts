import { f32, f64, type Row } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions } from './model.js';
import { randomOf } from './random.js';
import { type Features, readout } from './readout.js';
import { lagFeatures } from './rls.js';
import { periodRowsMax, phases, ringRows, valueAt } from './series.js';
import { univariate } from './univariate.js';

/** Channels of each of the two layers, and complex states of each channel. */
const width = 32;
const states = 8;
const parameters = width * states * 6;
/** Inputs: a constant, the value, its step, and sine and cosine of the phase in two periods. */
const inputs = 7;
/** The quickest channel looks at a row or two, the slowest at so many. */
const slowest = 400;
const inputMax = 4;
const lagRows = 12;
const forget = 0.9999;
const levelRate = 0.001;

/**
 * Two layers of diagonal state spaces with the poles of S4D-Lin, frozen (Gu et al., On the Parameterization and
 * Initialization of Diagonal State Space Models), with random weights before and between them:
 *   lambda_n = exp(dt (-1/2 + i pi n)),   x <- lambda x + (lambda - 1)/(-1/2 + i pi n) u,   y = tanh(Re(C x) + u)
 * dt goes from channel to channel, so that each looks at a span of its own. Poles that moved would spoil the covariance
 * of the readout: what learns is the readout alone.
 */
export function diagonalLayers(seed: number) {
  const lags = lagFeatures(lagRows);
  const layer = { parameter: f32(parameters), state: f32(2 * width * states), drive: f32(width), read: f32(width) };
  const layout = {
    first: layer,
    second: layer,
    /** Weights of the inputs, and of the first layer's channels where they drive the second. */
    into: f64(width * inputs),
    across: f64(width * 4),
    input: f64(inputs),
    level: f64(),
    rows: f64(),
  };
  type Own = Row<typeof layout>;

  function place(parameter: Float32Array, random: () => number): void {
    for (let c = 0; c < width; c++) {
      const dt = kernels.exp((-kernels.log(slowest) * c) / (width - 1));
      for (let n = 0; n < states; n++) {
        const turn = Math.PI * n;
        const size = kernels.exp(-dt / 2);
        const [re, im] = [size * kernels.cos(dt * turn), size * kernels.sin(dt * turn)];
        // (lambda - 1)/(-1/2 + i pi n), the input held over one row.
        const square = 0.25 + turn * turn;
        const bRe = (-0.5 * (re - 1) + turn * im) / square;
        const bIm = (-0.5 * im - turn * (re - 1)) / square;
        const at = ((c * states + n) >> 2) * 24 + (n & 3);
        [re, im, bRe, bIm, random(), random()].forEach((value, part) => {
          parameter[at + 4 * part] = value;
        });
      }
    }
  }

  function step({ parameter, state, drive, read }: Own['first']): void {
    const [p, x, u, y] = [parameter.byteOffset, state.byteOffset, drive.byteOffset, read.byteOffset];
    kernels.diagonalLayer(p, x, u, y, width, states);
    for (let c = 0; c < width; c++) read[c] += drive[c];
    kernels.tanhs(y, y, width);
  }

  return {
    layout,
    size: lags.size + 2 * width,
    warmRows: lagRows,
    seasonal: true,
    start(own) {
      const random = randomOf(seed);
      place(own.first.parameter, random);
      place(own.second.parameter, random);
      for (let i = 0; i < own.into.length; i++) own.into[i] = random();
      for (let i = 0; i < own.across.length; i++) own.across[i] = random();
    },
    used: () => lags.size + 2 * width,
    advance(own, series, t) {
      const { first, second, into, across, input } = own;
      const now = valueAt(series, t);
      const scale = series.scale[0];
      own.level[0] += Math.max(1 / ++own.rows[0], levelRate) * (now - own.level[0]);
      if (!(scale > 0)) return;
      input[0] = 1;
      input[1] = Math.max(-inputMax, Math.min(inputMax, (now - own.level[0]) / scale));
      input[2] = Math.max(-inputMax, Math.min(inputMax, (t > 0 ? now - valueAt(series, t - 1) : 0) / scale));
      phases(series, t, input, 3);
      for (let c = 0; c < width; c++) {
        let drive = 0;
        for (let k = 0; k < inputs; k++) drive += into[c * inputs + k] * input[k];
        first.drive[c] = drive;
      }
      step(first);
      for (let c = 0; c < width; c++) {
        let drive = 0;
        for (let k = 0; k < 4; k++) drive += across[c * 4 + k] * first.read[(c + 7 * k) % width];
        second.drive[c] = drive;
      }
      step(second);
    },
    write(own, series, t, unit, x, at) {
      lags.write({}, series, t, unit, x, at, []);
      for (let c = 0; c < width; c++) {
        x[at + lags.size + c] = unit * own.first.read[c];
        x[at + lags.size + width + c] = unit * own.second.read[c];
      }
    },
  } satisfies Features<typeof layout>;
}

/**
 * Deep diagonal state space with frozen poles and a readout that learns: spans from one row to some hundred, bent twice.
 * Good at movements that are slow and not linear; what it holds hangs on its seed. Cost: 78 x 78 multiply-adds per event.
 */
export function s4d(options: MemoryOptions) {
  const { seed = 1 } = options;
  const part = readout(diagonalLayers(seed), { ...options, forget });
  return { ...univariate('s4d', 1, options, ringRows(periodRowsMax, options), part), seed };
}

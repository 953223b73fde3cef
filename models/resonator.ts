import { f64, i32 } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions } from './model.js';
import { type Features, readout } from './readout.js';
import { periodRowsMax, ringRows, valueAt } from './series.js';
import { univariate } from './univariate.js';

const lagRows = 12;
/** Time constants of the leaky means, in rows. */
const leaks = [4, 16, 64, 256];
/** A pole remembers this many cycles of its period. */
const cycles = 4;
const forget = 0.9995;

export interface ResonatorOptions extends MemoryOptions {
  /** Most harmonics of the short period. */
  readonly shortPoles: number;
  /** Most harmonics of the long period that the short one does not have. */
  readonly longPoles: number;
}

/**
 * A diagonal linear memory with frozen poles (leaky means, harmonics of the found periods), read as
 * [lags, means, Re x, Im x]. (Moving poles would spoil the covariance of the readout.)
 */
function resonance({ shortPoles, longPoles }: ResonatorOptions) {
  const poles = leaks.length + shortPoles + longPoles;
  const layout = {
    poleRe: f64(poles),
    poleIm: f64(poles),
    gamma: f64(poles),
    stateRe: f64(poles),
    stateIm: f64(poles),
    /** Poles in use. */
    poles: i32(),
    /** Rows so far, and the running mean of their values. */
    age: f64(),
    level: f64(),
  };
  return {
    layout,
    size: lagRows - 1 + leaks.length + 1 + 2 * (shortPoles + longPoles),
    warmRows: lagRows,
    seasonal: true,
    start(own, series) {
      const place = (decay: number, turn: number): void => {
        const i = own.poles[0]++;
        own.poleRe[i] = decay * kernels.cos(turn);
        own.poleIm[i] = decay * kernels.sin(turn);
        own.gamma[i] = turn === 0 ? 1 - decay : 0.25 * Math.sqrt(2 * (1 - decay));
      };
      for (const rows of leaks) place(kernels.exp(-1 / rows), 0);
      const [short, long] = series.periods;
      for (let k = 1; k <= Math.min(shortPoles, Math.floor(short / 2)); k++) {
        place(kernels.exp(-1 / (cycles * short)), (2 * Math.PI * k) / short);
      }
      const ratio = long > 0 ? Math.round(long / short) : 0;
      for (let k = 1, placed = 0; placed < longPoles && k < long / 2; k++) {
        if (k % ratio === 0) continue;
        place(kernels.exp(-1 / (cycles * long)), (2 * Math.PI * k) / long);
        placed++;
      }
    },
    used: (own) => lagRows + leaks.length + 2 * (own.poles[0] - leaks.length),
    advance(own, series, t) {
      const now = valueAt(series, t);
      if (own.age[0]++ === 0) {
        own.stateRe.fill(now, 0, leaks.length);
        own.level[0] = now;
      }
      own.level[0] += Math.max(1 / own.age[0], 0.001) * (now - own.level[0]);
      advance(own.poleRe, own.poleIm, own.gamma, own.stateRe, own.stateIm, own.poles[0], now, own.level[0]);
    },
    write(own, series, t, unit, x, at) {
      const now = valueAt(series, t);
      let j = at;
      for (let lag = 1; lag < lagRows; lag++) x[j++] = valueAt(series, t - lag) - now;
      for (let i = 0; i < leaks.length; i++) x[j++] = own.stateRe[i] - now;
      x[j++] = 0.1 * unit;
      for (let i = leaks.length; i < poles; i++) {
        x[j++] = own.stateRe[i];
        x[j++] = own.stateIm[i];
      }
    },
  } satisfies Features<typeof layout>;
}

/** The resonators with their readout. */
export const resonatorBank = (options: ResonatorOptions) => readout(resonance(options), { ...options, forget });

/** One event through the poles: the leaky means are driven by the value, the others by its distance from the level. */
function advance(
  re: Float64Array,
  im: Float64Array,
  gamma: Float64Array,
  stateRe: Float64Array,
  stateIm: Float64Array,
  count: number,
  value: number,
  level: number,
): void {
  const n = leaks.length;
  const skip = n * 8;
  kernels.resonate(re.byteOffset, im.byteOffset, gamma.byteOffset, stateRe.byteOffset, stateIm.byteOffset, n, value);
  kernels.resonate(
    re.byteOffset + skip,
    im.byteOffset + skip,
    gamma.byteOffset + skip,
    stateRe.byteOffset + skip,
    stateIm.byteOffset + skip,
    count - n,
    value - level,
  );
}

/**
 * A bank of resonators on the found periods with an online readout: knows the time of the week without a clock. Weak where
 * a season is not smooth, or before a period is found. Cost: 96 x 96 multiply-adds per event, 3 x 96 more per horizon.
 */
export function resonator(options: MemoryOptions) {
  return univariate(
    'resonator',
    2,
    options,
    ringRows(periodRowsMax, options),
    resonatorBank({ ...options, shortPoles: 16, longPoles: 24 }),
  );
}

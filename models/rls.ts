import type { MemoryOptions } from './model.js';
import { type Features, readout } from './readout.js';
import { ringRows, valueAt } from './series.js';
import { univariate } from './univariate.js';

const forget = 0.9999;

/** The changes from the last values to now, and a constant. */
export function lagFeatures(lagRows: number): Features<Record<never, never>> {
  return {
    layout: {},
    size: lagRows + 1,
    warmRows: lagRows,
    seasonal: false,
    start() {},
    used: () => lagRows + 1,
    advance() {},
    write(_, series, t, unit, x, at) {
      const now = valueAt(series, t);
      for (let j = 1; j <= lagRows; j++) x[at + j - 1] = valueAt(series, t - j) - now;
      x[at + lagRows] = 0.1 * unit;
    },
  };
}

/** Values looked back upon. */
const lagRows = 96;

/** The change from now is linear in the changes up to now: an autoregression that needs no mean. */
export const autoregression = (options: MemoryOptions) => readout(lagFeatures(lagRows), { ...options, forget });

/**
 * Online least squares on the last 96 values: the baseline of the tables. Hard to beat at short horizons; blind to
 * seasons longer than its window. Cost: 97 x 97 multiply-adds per event, 3 x 97 more per horizon.
 */
export function rls(options: MemoryOptions) {
  return univariate('rls', 2, options, ringRows(lagRows, options), autoregression(options));
}

import { f32, f64, i32, type Row } from '../state/layout.js';
import type { MemoryOptions } from './model.js';
import { type Features, readout } from './readout.js';
import { holds, periodRowsMax, ringRows, type Series, samePhase, seenAt, slotOf, valueAt } from './series.js';
import { univariate } from './univariate.js';

/** Autoregressive terms, and moving-average terms. */
const lagRows = 12;
const errorRows = 4;
/** Moving-average terms round one season ago: at the phases of now, of the nearest and farthest horizon, and two between. */
const phaseTerms = 5;
/** Other channels that are looked at, the first ones, with two rows each. */
const besideMax = 6;
/** Innovations that are kept: a season and the farthest horizon. */
const errorRing = 4096;
const forget = 0.9998;

/**
 * Seasonal autoregression with moving averages and other channels as regressors, SARIMAX (Box and Jenkins), by least
 * squares with its own one-row errors among the features (extended least squares; Ljung, System Identification):
 *   w_t = y_t - y_t-L,   w_t+h = sum a_j w_t-j + sum b_j e_t-j + sum c_k e_t+..-L + sum d_kj x^k_t-j
 * L is the long period, else the short one, else one row. The seasonal errors are what makes a seasonal difference more
 * than last week's value: without them its noise is counted twice. Other channels come as their own differences.
 */
export function seasonalDifference({ channels, horizons }: MemoryOptions) {
  const others = Math.min(besideMax, channels - 1);
  const far = horizons[horizons.length - 1];
  const layout = {
    error: f32(errorRing),
    /** Lags at which seasonal errors are read, and how many. */
    lag: i32(phaseTerms),
    lags: i32(),
    /** What was last forecast one row ahead, and 1 + the row. */
    said: f64(),
    saidAt: f64(),
    /** What a number of another channel is worth in units of this one: fixed when first known. */
    worth: f64(Math.max(1, others)),
  };
  type Own = Row<typeof layout>;
  const periodOf = ({ periods }: Series): number => periods[1] || periods[0];
  const size = 1 + lagRows + errorRows + phaseTerms + 2 * others;

  /** y less the value one season before, or the one before; 0 where that is not held. */
  function difference(series: Series, row: number): number {
    const back = periodOf(series) || 1;
    return holds(series, row - back) && holds(series, row) ? valueAt(series, row) - valueAt(series, row - back) : 0;
  }

  return {
    layout,
    size,
    warmRows: lagRows + 1,
    seasonal: true,
    start(own, series) {
      const period = periodOf(series);
      let n = 0;
      for (const ahead of [0, horizons[0], Math.round(far / 3), Math.round((2 * far) / 3), far]) {
        const lag = period - ahead;
        if (lag > 0 && !own.lag.subarray(0, n).includes(lag)) own.lag[n++] = lag;
      }
      own.lags[0] = n;
    },
    used: (own) => 1 + lagRows + errorRows + own.lags[0] + 2 * others,
    advance(own, series, t) {
      const known = own.saidAt[0] === t && seenAt(series, t);
      own.error[slotOf(own.error, t)] = known ? bound(valueAt(series, t) - own.said[0], 8 * series.scale[0]) : 0;
    },
    write(own: Own, series, t, unit, x, at, beside) {
      let n = at;
      x[n++] = 0.1 * unit;
      for (let j = 0; j < lagRows; j++) x[n++] = difference(series, t - j);
      for (let j = 0; j < errorRows; j++) x[n++] = own.error[slotOf(own.error, t - j)];
      let k = 0;
      for (const other of beside) {
        if (other === series || k === others) continue;
        if (own.worth[k] === 0 && other.scale[0] > 0) own.worth[k] = unit / other.scale[0];
        // All series have taken in the same newest row, but may have begun in different ones.
        const row = other.rows[0] - series.rows[0] + t;
        for (let j = 0; j < 2; j++) x[n++] = own.worth[k] * difference(other, row - j);
        k++;
      }
      for (let j = 0; j < own.lags[0]; j++) {
        const row = t - own.lag[j];
        x[n++] = row >= 0 ? own.error[slotOf(own.error, row)] : 0;
      }
    },
    from(series, t, ahead) {
      const row = samePhase(t + ahead, periodOf(series) || 1, t);
      return valueAt(series, holds(series, row) ? row : t);
    },
    told(own, t, out, at) {
      if (horizons[0] !== 1) return;
      own.said[0] = out[at];
      own.saidAt[0] = t + 1;
    },
  } satisfies Features<typeof layout>;
}

const bound = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));

/**
 * SARIMAX-class baseline: what a statistician would fit, learned at every row, and the one memory that looks at the other
 * channels of its key. Good on linear seasons and on channels that lead each other; its season is one cycle long, and
 * fixed. Cost: 33 x 33 multiply-adds per event with six other channels.
 */
export function sarimax(options: MemoryOptions) {
  const part = readout(seasonalDifference(options), { ...options, forget });
  return univariate('sarimax', 1, options, ringRows(2 * periodRowsMax, options), part);
}

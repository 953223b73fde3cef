import { f64 } from '../state/layout.js';
import type { MemoryOptions } from './model.js';
import { holds, periodRowsMax, ringRows, samePhase, seenAt, valueAt } from './series.js';
import { type Part, univariate } from './univariate.js';

/** Weight of the newest error in the running error of a period. */
const errorRate = 0.01;

/** What each of the periods would have said: the value at the same phase of the last cycle that is known. */
export function sameSeason({ horizons }: MemoryOptions) {
  const count = horizons.length;
  // Running error of the last value, the short and the long period, at every horizon.
  const layout = { error: f64(3 * count), labels: f64(3 * count) };
  return {
    layout,
    outputs: 1,
    seasonal: true,
    start() {},
    step(own, series, t, out, at) {
      for (let i = 0; i < count; i++) {
        const h = horizons[i];
        let best = valueAt(series, t);
        let least = Number.POSITIVE_INFINITY;
        // The long period is asked first and the last value last, so that ties go to the longer memory.
        for (let p = 2; p >= 0; p--) {
          const period = p > 0 ? series.periods[p - 1] : 0;
          if (p > 0 && period === 0) continue;
          const at = p * count + i;
          const then = p > 0 ? samePhase(t, period, t - h) : t - h;
          if (seenAt(series, t) && holds(series, then)) {
            const labels = ++own.labels[at];
            const error = Math.abs(valueAt(series, t) - valueAt(series, then));
            own.error[at] += Math.max(errorRate, 1 / labels) * (error - own.error[at]);
          }
          const from = p > 0 ? samePhase(t + h, period, t) : t;
          const error = own.labels[at] > 0 ? own.error[at] : Number.MAX_VALUE;
          if (holds(series, from) && error < least) {
            least = error;
            best = valueAt(series, from);
          }
        }
        out[at + i] = best;
      }
    },
  } satisfies Part<typeof layout>;
}

/**
 * Seasonal naive: the value at the same phase of the last cycle, of whichever found period has the least running error
 * at that horizon; the last value where there is no period, or where none is better. Strong and free on traffic and
 * sensor data; knows neither level nor trend. Cost: a few reads per horizon and period.
 */
export function seasonalNaive(options: MemoryOptions) {
  return univariate('seasonal-naive', 1, options, ringRows(periodRowsMax, options), sameSeason(options));
}

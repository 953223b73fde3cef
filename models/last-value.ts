import { f64 } from '../state/layout.js';
import type { MemoryOptions, Model } from './model.js';

/** Weight of the newest absolute error in the running spread. */
const spreadRate = 0.02;

const shared = {};

/**
 * Persistence: every horizon gets the last value that was seen. The floor any other memory must beat; the best there is
 * for a random walk. Fails wherever the stream has seasons. Cost: a few additions per horizon.
 */
export function lastValue(options: MemoryOptions) {
  const { channels, horizons } = options;
  const keyed = { last: f64(channels), spread: f64(channels), seen: f64(channels) };
  return {
    name: 'last-value',
    version: 1,
    ...options,
    shared,
    keyed,
    init() {},
    initKey() {},
    step(_, own, { values, scale }, out) {
      let surprise = 0;
      for (let c = 0; c < channels; c++) {
        const value = values[c];
        if (!Number.isNaN(value)) {
          if (own.seen[c] > 0) {
            const error = Math.abs(value - own.last[c]);
            const before = own.spread[c];
            surprise += error / Math.max(before, scale[c] * 1e-6);
            own.spread[c] = before + Math.max(spreadRate, 1 / own.seen[c]) * (error - before);
          }
          own.last[c] = value;
          own.seen[c]++;
        }
        for (let h = 0; h < horizons.length; h++) {
          const at = c * horizons.length + h;
          const known = own.seen[c] > 0;
          out.mean[at] = known ? own.last[c] : Number.NaN;
          out.spread[at] = known ? own.spread[c] * Math.sqrt(horizons[h]) : Number.NaN;
        }
      }
      out.surprise = surprise;
    },
  } satisfies Model<typeof shared, typeof keyed>;
}

import type { MemoryOptions } from './model.js';
import { ringRows, valueAt } from './series.js';
import { type Part, univariate } from './univariate.js';

/** Every horizon gets the last value. */
export function persistence(options: MemoryOptions): Part<Record<never, never>> {
  return {
    layout: {},
    outputs: 1,
    seasonal: false,
    start() {},
    step(_, series, t, out, at) {
      out.fill(valueAt(series, t), at, at + options.horizons.length);
    },
  };
}

/**
 * Persistence: every horizon gets the last value that was seen. The floor any other memory must beat; the best there is
 * for a random walk. Fails wherever the stream has seasons. Cost: a few additions per horizon.
 */
export function lastValue(options: MemoryOptions) {
  return univariate('last-value', 2, options, ringRows(1, options), persistence(options));
}

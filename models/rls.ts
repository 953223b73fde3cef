import { f64 } from '../state/layout.js';
import { isOther, leastSquares } from './least-squares.js';
import type { MemoryOptions } from './model.js';
import { ringRows, seenAt, valueAt } from './series.js';
import { type Part, univariate } from './univariate.js';

/** Values looked back upon. */
const lagRows = 96;
const forget = 0.9999;
const clip = 4;
/** Differences are clipped to this many scales: no more than a guard against single absurd values. */
const featureMax = 64;

/** The change from now is linear in the changes up to now: an autoregression that needs no mean. */
export function autoregression({ horizons }: MemoryOptions) {
  const squares = leastSquares({ features: lagRows + 1, horizons, forget, clip });
  const layout = { squares: squares.layout, unit: f64() };
  return {
    layout,
    outputs: 1,
    seasonal: false,
    start() {},
    step({ squares: own, unit }, series, t, out, at) {
      const now = valueAt(series, t);
      const scale = series.scale[0];
      if (isOther(unit[0], scale)) {
        if (t < lagRows || !(scale > 0)) {
          out.fill(now, at, at + horizons.length);
          return;
        }
        // Features keep the units of the values, so that a later change of the scale moves none of them.
        unit[0] = scale;
        squares.start(own, lagRows + 1, 1 / (scale * scale));
      }
      const seen = seenAt(series, t);
      if (seen) {
        for (let i = 0; i < horizons.length; i++) squares.learn(own, t, i, now - valueAt(series, t - horizons[i]));
      }
      const line = squares.line(t);
      const limit = featureMax * scale;
      for (let j = 1; j <= lagRows; j++) {
        const change = valueAt(series, t - j) - now;
        own.features[line + j - 1] = Math.max(-limit, Math.min(limit, change));
      }
      own.features[line + lagRows] = 0.1 * unit[0];
      squares.observe(own, t, seen);
      for (let i = 0; i < horizons.length; i++) out[at + i] = now + squares.forecast(own, t, i);
    },
  } satisfies Part<typeof layout>;
}

/**
 * Online least squares on the last 96 values: the baseline of the tables. Hard to beat at short horizons; blind to
 * seasons longer than its window. Cost: 97 x 97 multiply-adds per event, 3 x 97 more per horizon.
 */
export function rls(options: MemoryOptions) {
  return univariate('rls', 1, options, ringRows(lagRows, options), autoregression(options));
}

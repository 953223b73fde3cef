import { f64, type Layout, type Row } from '../state/layout.js';
import { isOther, leastSquares } from './least-squares.js';
import type { MemoryOptions } from './model.js';
import { type Series, seenAt, valueAt } from './series.js';
import type { Beside, Part } from './univariate.js';

/** What a readout looks at: numbers that a state makes of the past of a series. */
export interface Features<L extends Layout = Layout> {
  readonly layout: L;
  /** Most features there are. */
  readonly size: number;
  /** Rows that must have come before the first forecast. */
  readonly warmRows: number;
  /** Whether they hang on the periods: then new periods mean a new start. */
  readonly seasonal: boolean;
  /** Begins on a zeroed row, with the periods that the series has now. */
  start(own: Row<L>, series: Series): void;
  /** How many are in use: what `start` decided. */
  used(own: Row<L>): number;
  /** Takes in row t, whether or not anybody reads yet. */
  advance(own: Row<L>, series: Series, t: number): void;
  /** Writes the features of row t to `x` from `at` on, each about as large as `unit`, which never changes. */
  write(own: Row<L>, series: Series, t: number, unit: number, x: Float64Array, at: number, beside: Beside): void;
  /** What the forecast of a row `ahead` of t is measured from; the value of row t when absent. Reads the series alone. */
  from?(series: Series, t: number, ahead: number): number;
  /** Is told what was forecast at row t, one number per horizon. */
  told?(own: Row<L>, t: number, out: Float64Array, at: number): void;
}

export interface ReadoutOptions extends MemoryOptions {
  /** Forgetting per event. */
  readonly forget: number;
}

const clip = 4;
/** Features are clipped to this many scales: no more than a guard against single absurd values. */
const featureMax = 64;

/**
 * A memory as a map from the past to features and least squares on them, one readout per horizon over one bounded
 * covariance (least-squares.ts). A linear recurrence with a readout can say anything of the past once what is read may
 * be bent (Orvieto et al., On the Universality of Linear Recurrences Followed by Nonlinear Projections), and least
 * squares find the readout in one pass: so most memories here are a feature map and this.
 *   forecast_h = from_h + W_h phi_t,   W_h <- W_h + k_s clip(y_s+h - from_h - W_h phi_s)   when row s + h has come
 */
export function readout<L extends Layout>(features: Features<L>, { horizons, forget }: ReadoutOptions) {
  const squares = leastSquares({ features: features.size, horizons, forget, clip });
  const from = features.from ?? valueAt;
  const count = horizons.length;
  const layout = {
    squares: squares.layout,
    features: features.layout,
    /** The scale that features began with: a later change of the scale moves none of them. */
    unit: f64(),
    rows: f64(),
  };
  return {
    layout,
    outputs: 1,
    seasonal: features.seasonal,
    start: (own, series) => features.start(own.features as Row<L>, series),
    step(own, series, t, out, at, _ = count, beside: Beside = []) {
      const map = own.features as Row<L>;
      const { squares: linear, unit } = own;
      const scale = series.scale[0];
      features.advance(map, series, t);
      own.rows[0]++;
      if (isOther(unit[0], scale)) {
        if (own.rows[0] <= features.warmRows || !(scale > 0)) {
          for (let i = 0; i < count; i++) out[at + i] = from(series, t, horizons[i]);
          return;
        }
        unit[0] = scale;
        squares.start(linear, features.used(map), 1 / (scale * scale));
      }
      const seen = seenAt(series, t);
      const now = valueAt(series, t);
      if (seen) {
        for (let i = 0; i < count; i++) {
          squares.learn(linear, t, i, now - from(series, t - horizons[i], horizons[i]));
        }
      }
      const line = squares.line(t);
      const limit = featureMax * scale;
      const x = linear.features;
      features.write(map, series, t, unit[0], x, line, beside);
      for (let j = line; j < line + features.size; j++) x[j] = Math.max(-limit, Math.min(limit, x[j]));
      squares.observe(linear, t, seen);
      for (let i = 0; i < count; i++) out[at + i] = from(series, t, horizons[i]) + squares.forecast(linear, t, i);
      features.told?.(map, t, out, at);
    },
  } satisfies Part<typeof layout>;
}

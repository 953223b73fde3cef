import { f32, f64, type Row } from '../state/layout.js';
import { neighbours } from './knn.js';
import { decomposition } from './linear.js';
import type { MemoryOptions } from './model.js';
import { modulo, seenAt, slotOf, valueAt } from './series.js';
import { trustOf } from './trust.js';
import { type Part, univariate } from './univariate.js';

/** Rows that are searched for windows like now, and whose errors are kept: a power of two. */
const capacity = 8192;
/** Rows of a window. */
const width = 24;
/** Forgetting of the trust in what errors say, and squares said in vain before the first: trust is earned. */
const forget = 0.998;
const doubt = 1;
const errorMax = 8;

/**
 * Remembers in which context its base was how wrong, and corrects it there (ReLoop2: Building Self-Adaptive Recommendation
 * Models via Responsive Error Compensation Loop). The context is the window of the last values, its likes are found as by
 * `knn`, and what is read from them are the errors of the base in the rows that followed:
 *   forecast_h = base_h + trust_h sum_i w_i e_h(i + h),   trust_h the regression of errors on what was said, in [0, 1]
 */
export function errorMemoryOf<L extends Part['layout']>(options: MemoryOptions, base: Part<L>) {
  const { horizons } = options;
  const count = horizons.length;
  const slots = horizons[count - 1] + 1;
  const near = neighbours({ ...options, width, capacity });
  const trust = trustOf(count, forget, 0, doubt);
  const names = horizons.map((h) => `h${h}`);
  const layout = {
    base: base.layout,
    near: near.layout,
    trust: trust.layout,
    /** Per horizon a ring of the errors of the base in units of the scale, at the row they were made about. */
    error: Object.fromEntries(names.map((name) => [name, f32(capacity)])),
    /** Per origin and horizon: what the base said, and what was said of its error. */
    based: f64(slots * count),
    said: f64(slots * count),
    rows: f64(),
  };
  type Own = Row<typeof layout>;
  const spoken = new Float64Array(base.outputs * count); // written before it is read: no state

  return {
    layout,
    outputs: 1,
    seasonal: base.seasonal,
    start(own, series) {
      base.start(own.base as unknown as Row<L>, series);
      near.start(own.near);
      trust.start(own.trust);
    },
    step(own: Own, series, t, out, at, _ = count, beside: Parameters<Part['step']>[6] = []) {
      const now = valueAt(series, t);
      const unit = series.scale[0] > 0 ? series.scale[0] : 1;
      const begun = own.rows[0]++;
      for (let i = 0; i < count; i++) {
        const origin = modulo(t - horizons[i], slots) * count + i;
        const known = begun >= horizons[i] && seenAt(series, t);
        const error = known ? Math.max(-errorMax, Math.min(errorMax, (now - own.based[origin]) / unit)) : 0;
        const ring = own.error[names[i]];
        ring[slotOf(ring, t)] = error;
        if (known) trust.learn(own.trust, i, error, own.said[origin]);
      }
      base.step(own.base as unknown as Row<L>, series, t, spoken, 0, count, beside);
      near.step(own.near, series.value, t, 0);
      const line = modulo(t, slots) * count;
      for (let i = 0; i < count; i++) {
        const said = own.near.found[0] > 0 ? near.read(own.near, own.error[names[i]], t, horizons[i]) : 0;
        own.based[line + i] = spoken[i];
        own.said[line + i] = said;
        out[at + i] = spoken[i] + trust.of(own.trust, i) * unit * said;
      }
    },
  } satisfies Part;
}

/**
 * Error memory: a decomposed linear memory, and beside it the memory of where it was wrong. Good where what the linear
 * one cannot say comes again, at once after one showing; adds nothing where its errors have no pattern. Cost: that of
 * `linear`, and 6 us per event.
 */
export function errorMemory(options: MemoryOptions) {
  return univariate('error-memory', 1, options, capacity, errorMemoryOf(options, decomposition(options)));
}

import type { Row } from '../state/layout.js';
import { expertWeights } from './expert-weights.js';
import { mending } from './mending.js';
import { mendedAt, sharedAt, sharpAt, ways, youngAt } from './mixture-members.js';
import type { MemoryOptions } from './model.js';
import { periodRowsMax, type Series } from './series.js';

/** Rows before there is a past worth forgetting, as many as the longest period has: then what forgets swiftly joins. */
export const grownRows = periodRowsMax;

/**
 * What becomes of the forecasts of so many members. They are weighed in five ways, by the weights of
 * expert-weights.ts, what `sharp` says is mended by its errors (mending.ts), and these six are mixed by regret once more: so
 * each horizon of each series finds out by itself how long a memory of who was right serves it.
 */
export function blending(options: MemoryOptions, members: number) {
  const { horizons } = options;
  const count = horizons.length;
  const first = expertWeights(members, horizons);
  const second = expertWeights(ways.length, horizons, false);
  const mend = mending(options);
  const layout = { experts: first.layout, blend: second.layout, mending: mend.layout };
  type Own = Row<typeof layout>;
  // All are written before they are read, in every step: no state.
  const portions = new Float64Array(mendedAt * members);
  const said = new Float64Array(mendedAt);
  const mixed = new Float64Array(ways.length);
  const trust = new Float64Array(mendedAt);

  /** How far the sharp way missed row t at every horizon. */
  function learnErrors(own: Own, t: number, value: number): void {
    for (let i = 0; i < count; i++) {
      const usual = own.experts.error[i];
      const isTold = t >= horizons[i] && usual > 0;
      mend.learn(own.mending, t, i, isTold ? (value - first.said(own.experts, t, i)) / usual : Number.NaN);
    }
  }

  /** What each way of weighing gives each member, not yet summing to 1. */
  function weigh({ experts }: Own, i: number, forecasts: Float64Array): void {
    const from = i * members;
    for (let k = 0; k < members; k++) {
      const here = Number.isNaN(forecasts[k * count + i]) ? 0 : 1;
      const recency = first.recency(experts, i, k);
      const weight = here * experts.weight[from + k];
      portions[k] = weight;
      portions[members + k] = weight * recency;
      portions[2 * members + k] = weight * recency * recency;
      portions[3 * members + k] = here * experts.young.weight[from + k] * recency;
      portions[4 * members + k] = here * experts.shared[from + k];
    }
  }

  /** Writes what way w says to `said`; the sum of its portions. */
  function say(w: number, i: number, forecasts: Float64Array): number {
    let sum = 0;
    let all = 0;
    for (let k = 0; k < members; k++) {
      const portion = portions[w * members + k];
      sum += portion;
      if (portion > 0) all += portion * forecasts[k * count + i];
    }
    said[w] = all / sum;
    return sum;
  }

  /** What the first `awake` ways say; `trust` is what a unit of their portions is worth in the end. */
  function ask({ blend }: Own, i: number, forecasts: Float64Array, awake: number): void {
    mixed.fill(Number.NaN);
    for (let w = 0; w < mendedAt; w++) {
      const sum = say(w, i, forecasts);
      if (w >= awake) continue;
      mixed[w] = said[w];
      trust[w] = blend.weight[i * ways.length + w] / sum;
      // Who trusts the sharp way mended trusts whom that trusts.
      if (w === sharpAt && awake === mendedAt) trust[w] += blend.weight[i * ways.length + mendedAt] / sum;
    }
  }

  return {
    layout,
    start(own: Own, series: Series): void {
      first.start(own.experts);
      second.start(own.blend);
      mend.begin(own.mending, series);
    },
    /** New periods: what mends lives by them. */
    begin: (own: Own, series: Series): void => mend.begin(own.mending, series),
    /** The value of row t has come, or NaN: all forecasts for it are judged. */
    learn(own: Own, t: number, value: number): void {
      learnErrors(own, t, value);
      if (Number.isNaN(value)) return;
      first.learn(own.experts, t, value);
      second.learn(own.blend, t, value);
    },
    /** What was said of row t at the i-th horizon, until row t says the next. */
    said: (own: Own, t: number, i: number): number => second.said(own.blend, t, i),
    /** Usual error of the i-th horizon; `none` before there was one. */
    usual: ({ blend }: Own, i: number, none: number): number => (blend.labels[i] > 0 ? blend.error[i] : none),
    /** Mixes the forecasts of the i-th horizon made at row t, `forecasts[member * horizons + i]`. */
    mix(own: Own, t: number, i: number, forecasts: Float64Array, out: { mean: number; apart: number }): void {
      const { experts, blend } = own;
      // The ways that forget abstain as long as the members that do.
      const awake = t < grownRows ? youngAt : mendedAt;
      weigh(own, i, forecasts);
      ask(own, i, forecasts, awake);
      if (t >= grownRows) mixed[mendedAt] = mixed[sharpAt] + experts.error[i] * mend.say(own.mending, t, i);
      let all = 0;
      let mean = 0;
      for (let w = 0; w < ways.length; w++) {
        const weight = Number.isNaN(mixed[w]) ? 0 : blend.weight[i * ways.length + w];
        if (weight > 0) mean += weight * mixed[w];
        all += weight;
      }
      mean /= all;
      first.keep(experts, t, i, forecasts, i, count);
      first.keepMixed(experts, t, i, mixed[sharpAt], said[sharedAt]);
      second.keep(blend, t, i, mixed, 0, 1);
      second.keepMixed(blend, t, i, mean);

      let apart = 0;
      for (let k = 0; k < members; k++) {
        let share = 0;
        for (let w = 0; w < awake; w++) share += trust[w] * portions[w * members + k];
        const gap = share > 0 ? forecasts[k * count + i] - mean : 0;
        apart += (share / all) * gap * gap;
      }
      out.mean = mean;
      out.apart = Math.sqrt(apart);
    },
  };
}

import { f64, type Layout, type Row } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { Input, Model, Prediction } from './model.js';
import { isValue, modulo } from './series.js';

/** Levels at which every head tells its distribution: dense enough that straight lines between them do for the rest. */
export const headLevels: readonly number[] = [
  ...[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45],
  ...[0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999],
];

/** Numbers that a head looks at. */
export const signs = 9;

/** Makes a distribution of the error of each forecast, in units of its usual size, from signs of how it may be. */
export interface Head<L extends Layout = Layout> {
  readonly layout: L;
  readonly version: number;
  /** Begins on a zeroed row. */
  start(own: Row<L>): void;
  /** What came of forecast q, whose signs stand in `x` from `at` on, was the error `r`: −log of its density, in nats. */
  surprise(own: Row<L>, q: number, x: Float64Array, at: number, r: number): number;
  /** Learns that. */
  learn(own: Row<L>, q: number, x: Float64Array, at: number, r: number): void;
  /** Writes the quantiles of the error at `headLevels`, ascending. */
  quantiles(own: Row<L>, q: number, x: Float64Array, at: number, out: Float64Array, to: number): void;
}

/** Makes a head for so many forecasts. */
export type MakeHead = (forecasts: number) => Head;

const slowRate = 1 / 500;
const recentRate = 1 / 30;
const newestRate = 0.3;
const levelRate = 0.002;
/** An error counts at most this many times what was usual, in its usual size and as a label. */
const surge = 10;
const signMax = 4;

/**
 * A memory with a head on it: the memory forecasts as before, the head learns the distribution of what it leaves over, as a
 * whole and not as a width alone, from signs that every memory and stream have:
 *   x = (1; recent and newest error, as log shares of the slow one; forecast from the level, its size; forecast from now;
 *        size of now from the level; sine and cosine of the phase of the target), lengths in scales
 * `prediction.quantiles` then holds quantiles at `headLevels`, and `surprise` the −log density of the row in nats.
 */
export function headed(model: Model, name: string, make: MakeHead): Model {
  const { channels, horizons, stepMany } = model;
  const count = horizons.length;
  const forecasts = channels * count;
  const head = make(forecasts);
  /** First slot of every forecast; one with horizon h waits in h slots. */
  const firsts: number[] = [];
  let slots = 0;
  for (let q = 0; q < forecasts; q++) {
    firsts.push(slots);
    slots += horizons[q % count];
  }
  const layout = {
    learned: head.layout,
    rows: f64(),
    /** Per channel: running mean, and the values it is of. */
    level: f64(channels),
    seen: f64(channels),
    /** Per forecast: running absolute error, slow, recent and newest, and labels so far. */
    slow: f64(forecasts),
    recent: f64(forecasts),
    newest: f64(forecasts),
    labels: f64(forecasts),
    /** What waits for its label: the forecast, the unit of its error (0: none), and its signs. */
    mean: f64(slots),
    unit: f64(slots),
    sign: f64(slots * signs),
  };
  type Own = Row<typeof layout>;
  const keyed = { memory: model.keyed, head: layout };
  const slotAt = (t: number, q: number): number => firsts[q] + modulo(t, horizons[q % count]);

  /** Every forecast for this row is judged and learned from; returns the surprise of the row at the shortest horizon. */
  function learn(own: Own, t: number, { values, scale }: Input): number {
    let surprise = 0;
    for (let q = 0; q < forecasts; q++) {
      const c = Math.floor(q / count);
      const value = values[c];
      const slot = slotAt(t, q);
      const unit = own.unit[slot];
      if (t < horizons[q % count] || !isValue(value) || !(unit > 0)) continue;
      const error = value - own.mean[slot];
      const r = Math.max(-5 * surge, Math.min(5 * surge, error / unit));
      if (q % count === 0) {
        surprise += head.surprise(own.learned, q, own.sign, slot * signs, error / unit) + kernels.log(unit);
      }
      head.learn(own.learned, q, own.sign, slot * signs, r);
      const labels = ++own.labels[q];
      const size = Math.abs(error);
      const counted = labels > 20 ? Math.min(size, surge * Math.max(own.slow[q], own.recent[q])) : size;
      const least = 1e-9 * (scale[c] > 0 ? scale[c] : 1);
      own.slow[q] += Math.max(1 / labels, slowRate) * (Math.max(counted, least) - own.slow[q]);
      own.recent[q] += Math.max(1 / labels, recentRate) * (counted - own.recent[q]);
      own.newest[q] += Math.max(1 / labels, newestRate) * (counted - own.newest[q]);
    }
    return surprise;
  }

  /** Signs and distribution of every forecast made now. */
  function say(own: Own, t: number, { values, scale, periods }: Input, out: Prediction): void {
    const said = out.quantiles as Float64Array;
    const means = out.unfloored ?? out.mean;
    for (let q = 0; q < forecasts; q++) {
      const c = Math.floor(q / count);
      const h = horizons[q % count];
      const slot = slotAt(t, q);
      const mean = means[q];
      const unit = own.labels[q] > 0 ? own.slow[q] : out.spread[q];
      const to = q * headLevels.length;
      own.mean[slot] = mean;
      own.unit[slot] = Number.isFinite(mean) && unit > 0 ? unit : 0;
      if (own.unit[slot] === 0) {
        said.fill(mean, to, to + headLevels.length);
        continue;
      }
      const x = own.sign;
      const at = slot * signs;
      const size = scale[c] > 0 ? scale[c] : 1;
      const level = own.level[c];
      const now = isValue(values[c]) ? values[c] : level;
      const turn = periods.length > 0 ? (2 * Math.PI * modulo(t + h, periods[0])) / periods[0] : 0;
      x[at] = 1;
      x[at + 1] = ratio(own.recent[q], own.slow[q]);
      x[at + 2] = ratio(own.newest[q], own.slow[q]);
      x[at + 3] = bound((mean - level) / size);
      x[at + 4] = Math.abs(x[at + 3]);
      x[at + 5] = bound((mean - now) / size);
      x[at + 6] = Math.abs(bound((now - level) / size));
      x[at + 7] = periods.length > 0 ? kernels.sin(turn) : 0;
      x[at + 8] = periods.length > 0 ? kernels.cos(turn) : 0;
      head.quantiles(own.learned, q, x, at, said, to);
      for (let l = to; l < to + headLevels.length; l++) said[l] = mean + unit * said[l];
    }
  }

  return {
    ...model,
    name: `${model.name} ${name}`,
    version: model.version * 1000 + head.version,
    levels: headLevels,
    keyed,
    initKey(shared, row) {
      const own = row as unknown as Row<typeof keyed>;
      model.initKey(shared, own.memory);
      head.start(own.head.learned);
    },
    step(shared, row, input, out) {
      const own = row as unknown as Row<typeof keyed>;
      model.step(shared, own.memory, input, out);
      follow(own.head, input, out);
    },
    // The memory takes many keys at once where it can; the head knows its own key alone.
    ...(stepMany && {
      stepMany(shared, rows, inputs, outs) {
        const owns = rows as unknown as readonly Row<typeof keyed>[];
        stepMany(
          shared,
          owns.map(({ memory }) => memory),
          inputs,
          outs,
        );
        for (let i = 0; i < owns.length; i++) follow(owns[i].head, inputs[i], outs[i]);
      },
    }),
  };

  /** What the head does when the memory has taken in a row and forecast. */
  function follow(own: Own, input: Input, out: Prediction): void {
    const t = own.rows[0]++;
    out.surprise = learn(own, t, input);
    for (let c = 0; c < channels; c++) {
      if (!isValue(input.values[c])) continue;
      const seen = ++own.seen[c];
      own.level[c] += Math.max(1 / seen, levelRate) * (input.values[c] - own.level[c]);
    }
    say(own, t, input, out);
  }
}

const bound = (x: number): number => Math.max(-signMax, Math.min(signMax, x));

/** log of a length in units of the slow error, kept within bounds; lengths near zero are alike. */
const ratio = (length: number, unit: number): number =>
  unit > 0 ? Math.max(-2, Math.min(2, kernels.log((length + 0.05 * unit) / unit))) : 0;

/** Weights times as many signs. */
export function weigh(weights: Float64Array, from: number, x: Float64Array, at: number, count = signs): number {
  let sum = 0;
  for (let j = 0; j < count; j++) sum += weights[from + j] * x[at + j];
  return sum;
}

import type { Event, Forecast, Result } from '../event.js';
import { isValue } from '../models/series.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Row, u32 } from '../state/layout.js';
import { firstSlots, slotAt } from './distribution.js';
import { checkNames, checkNumber } from './options.js';
import type { Remembered } from './remember.js';
import { errorShape, type Shape, toldShape } from './shape.js';
import { extended, keyed, type Nothing, type Stage } from './stage.js';

export interface IntervalOptions {
  /** Probability levels of the quantiles, ascending, between 0 and 1. */
  readonly levels?: readonly number[];
  readonly keys?: KeyLimit;
}

/** An event with what was expected of it one row before, and with calibrated forecasts of what follows. */
export interface Forecasted {
  readonly forecast: Forecast;
  /** For each channel of words what is expected next. */
  readonly next?: NonNullable<Result['next']>;
  /** Negative log density of the values under the forecast one row before, in nats, summed over channels; 0 if none. */
  readonly surprise: number;
  /** Per channel the probability of a value at least as far out on its side, two-sided; NaN if nothing was expected. */
  readonly tail: readonly number[];
  /** Per channel what was forecast for this row one row before: the middle, lowest and highest of the quantiles. */
  readonly expected: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * A level is steered by this share of its distance from 0 or 1 at every hit or miss; of a memory that mends, by one in h of
 * it. Forecasts h rows ahead miss in runs of h rows and are told of it h rows late, so that the levels swing.
 */
const steering = 0.02;

/**
 * State of one key: rows seen, its distributions, the levels as steered, the quantiles of the last rows, and where the memory
 * has floors, those of the last row.
 */
function layoutOf({ shape, horizons, firsts, levels, floors }: Bands) {
  const slots = firsts[firsts.length - 1] + horizons[horizons.length - 1] + 1;
  const kept = {
    row: u32(),
    of: shape.layout,
    level: f64(firsts.length * levels.length),
    said: f64(slots * levels.length),
  };
  return floors > 0 ? { ...kept, floor: f64(floors) } : kept;
}
type Kept = ReturnType<typeof layoutOf>;
type Own = Row<Kept> & { readonly floor?: Float64Array };

const levelsDefault = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] as const;

/**
 * Puts quantiles round the forecasts of a memory that keep their promised coverage online: the width follows recent
 * errors and the memory's own gauges by a regression of the log error, the shape is the forgetting distribution of
 * standardised errors, and each level is steered by how often its quantile held, which keeps its promise in the long run
 * whatever the data do (Gibbs and Candès, Adaptive Conformal Inference Under Distribution Shift).
 */
export function interval<A extends Event & Remembered>(options: IntervalOptions = {}): Stage<A, A & Forecasted> {
  const { levels = levelsDefault, keys } = options;
  checkNames('interval', options, ['levels', 'keys']);
  for (const [i, level] of levels.entries()) {
    checkNumber('interval.levels', level, { min: i > 0 ? levels[i - 1] : 1e-6, max: 1 - 1e-6 });
  }
  type Told = A & Forecasted;
  const stage = keyed<Nothing, Kept, A, Told>('interval', { levels, keys }, (shard) => {
    const { channels, horizons, headLevels, floored, mends } = shard;
    if (!horizons) throw new RangeError('interval: expected a step that forecasts before it, found none: add remember');
    const firsts = firstSlots(channels.length, horizons);
    // Layouts differ, and so do the rows that a shape is handed: its own.
    const shape = (headLevels
      ? toldShape(channels.length, horizons, headLevels)
      : errorShape(channels.length, horizons, mends)) as unknown as Shape;
    const gains = horizons.map((h) => (mends ? steering / h : steering));
    const bands: Bands = { shape, horizons, gains, firsts, levels, floors: floored ? channels.length : 0 };
    return {
      id: 'interval',
      version: '1',
      keys,
      shared: {},
      layout: layoutOf(bands),
      initKey(_, own) {
        shape.start(own.of);
        for (let i = 0; i < own.level.length; i++) own.level[i] = levels[i % levels.length];
      },
      step(_, own, row, out) {
        // Behind a gap rows no longer count time: what was said before it was not said of this row.
        if ((row as { readonly gap?: true }).gap) shape.forget(own.of);
        const { surprise, tail, expected, low, high } = judge(own, row, channels.length, bands);
        learn(own, row, bands);
        const forecast = forecastOf(own, row, bands);
        own.row[0]++;
        const made = { surprise, tail, expected, low, high, forecast };
        const next = row.prediction.words?.map((of) => ({ channel: channels[of.channel], words: of.next }));
        out.emit(extended(row, next ? { ...made, next } : made));
      },
    };
  });
  return { ...stage, tells: { levels } };
}

/** What is fixed for a shard. */
interface Bands {
  readonly shape: Shape;
  readonly horizons: readonly number[];
  /** How far levels are steered, per horizon. */
  readonly gains: readonly number[];
  /** First slot of every forecast. */
  readonly firsts: readonly number[];
  readonly levels: readonly number[];
  /** Channels that have floors: all or none. */
  readonly floors: number;
}

/** What the forecasts of a channel that were made at the last row keep to. */
const floorOf = (own: Own, c: number): number => own.floor?.[c] ?? Number.NEGATIVE_INFINITY;

/** Where the values lie in what was forecast for them one row before. */
function judge(own: Own, { values, prediction }: Remembered, channels: number, bands: Bands) {
  const { shape, horizons, firsts, levels } = bands;
  // Plain arrays: small typed ones cost ten times as much to make.
  const tail: number[] = [];
  const expected: number[] = [];
  const low: number[] = [];
  const high: number[] = [];
  let surprise = 0;
  const t = own.row[0];
  for (let c = 0; c < channels; c++) {
    const q = c * horizons.length;
    const slot = slotAt(firsts[q], 1, t - 1);
    const known = t > 0 && shape.known(own.of, slot);
    const said = slot * levels.length;
    const told = (l: number): number => (known ? Math.max(floorOf(own, c), own.said[said + l]) : Number.NaN);
    expected.push(told(levels.length >> 1));
    low.push(told(0));
    high.push(told(levels.length - 1));
    if (!known || !isValue(values[c])) {
      tail.push(Number.NaN);
      continue;
    }
    const share = shape.below(own.of, q, slot, values[c]);
    tail.push(Math.min(1, 2 * Math.min(share, 1 - share)));
    if (shape.surprise) surprise += shape.surprise(own.of, q, slot, values[c]);
    else surprise = prediction.surprise;
  }
  // Words have no distance: the memory itself says how unlikely one was.
  for (const { channel, tail: share } of prediction.words ?? []) tail[channel] = share;
  if (prediction.words) surprise = prediction.surprise;
  return { surprise, tail, expected, low, high };
}

/** Learns from every forecast that was made for this row: its error, and which of its quantiles held. */
function learn(own: Own, { values }: Event, { shape, horizons, gains, firsts, levels }: Bands): void {
  const t = own.row[0];
  for (let q = 0; q < firsts.length; q++) {
    const horizon = horizons[q % horizons.length];
    const value = values[Math.floor(q / horizons.length)];
    if (t < horizon || !isValue(value)) continue;
    const slot = slotAt(firsts[q], horizon, t - horizon);
    if (!shape.known(own.of, slot)) continue;
    steer(own, q, slot, value, levels, gains[q % gains.length]);
    shape.learn(own.of, q, slot, value);
  }
}

/** Lowers a level whose quantile held and raises one whose did not, by so much that both cancel if it keeps its promise. */
function steer(own: Own, q: number, slot: number, value: number, levels: readonly number[], gain: number): void {
  for (let l = 0; l < levels.length; l++) {
    const at = q * levels.length + l;
    const level = levels[l];
    const room = Math.min(level, 1 - level);
    const moved = own.level[at] + gain * room * (level - (value <= own.said[slot * levels.length + l] ? 1 : 0));
    // Far enough from 0 and 1 to come back, whatever has happened.
    own.level[at] = Math.max(level - 0.9 * room, Math.min(level + 0.9 * room, moved));
  }
}

function forecastOf(own: Own, { prediction }: Remembered, { shape, horizons, firsts, levels }: Bands): Forecast {
  const quantiles = new Float64Array(firsts.length * levels.length);
  if (prediction.floor) own.floor?.set(prediction.floor);
  for (let q = 0; q < firsts.length; q++) {
    const slot = slotAt(firsts[q], horizons[q % horizons.length], own.row[0]);
    shape.expect(own.of, q, slot, prediction);
    let least = Number.NEGATIVE_INFINITY;
    for (let l = 0; l < levels.length; l++) {
      const at = q * levels.length + l;
      // Levels that were steered across each other must not let quantiles cross.
      least = Math.max(least, shape.quantile(own.of, q, slot, own.level[at]));
      // Levels are steered by what is cut off: then of a level p at most p lie below what is told, at least p not above it.
      quantiles[at] = Math.max(floorOf(own, Math.floor(q / horizons.length)), least);
      own.said[slot * levels.length + l] = least;
    }
  }
  return { horizons, levels, mean: prediction.mean, quantiles };
}

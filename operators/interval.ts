import type { Event, Forecast } from '../event.js';
import { kernels } from '../models/kernels/index.js';
import { isValue } from '../models/series.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Row, u32 } from '../state/layout.js';
import {
  cumulative,
  density,
  distributionLayout,
  expect,
  firstSlots,
  initDistributions,
  learnError,
  quantile,
  slotAt,
} from './distribution.js';
import { checkNames, checkNumber } from './options.js';
import type { Remembered } from './remember.js';
import { extended, keyed, type Nothing, type Stage } from './stage.js';

export interface IntervalOptions {
  /** Probability levels of the quantiles, ascending, between 0 and 1. */
  readonly levels?: readonly number[];
  readonly keys?: KeyLimit;
}

/** An event with what was expected of it one row before, and with calibrated forecasts of what follows. */
export interface Forecasted {
  readonly forecast: Forecast;
  /** Negative log density of the values under the forecast one row before, in nats, summed over channels; 0 if none. */
  readonly surprise: number;
  /** Per channel the probability of a value at least as far out on its side, two-sided; NaN if nothing was expected. */
  readonly tail: readonly number[];
  /** Per channel what was forecast for this row one row before: the middle, lowest and highest of the quantiles. */
  readonly expected: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** A level is steered by this share of its distance from 0 or 1 at every hit or miss. */
const steering = 0.02;

/** State of one key: rows seen, its distributions, the levels as steered, and the quantiles said at the last rows. */
function layoutOf(channels: number, horizons: readonly number[], levels: number) {
  const of = distributionLayout(channels, horizons);
  return { row: u32(), of, level: f64(of.count.length * levels), said: f64(of.location.length * levels) };
}
type Own = Row<ReturnType<typeof layoutOf>>;

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
  type Layout = ReturnType<typeof layoutOf>;
  const stage = keyed<Nothing, Layout, A, A & Forecasted>('interval', { levels, keys }, ({ channels, horizons }) => {
    if (!horizons) throw new RangeError('interval: expected a step that forecasts before it, found none: add remember');
    const firsts = firstSlots(channels.length, horizons);
    return {
      id: 'interval',
      version: '1',
      keys,
      shared: {},
      layout: layoutOf(channels.length, horizons, levels.length),
      initKey(_, own) {
        initDistributions(own.of);
        for (let i = 0; i < own.level.length; i++) own.level[i] = levels[i % levels.length];
      },
      step(_, own, row, out) {
        // Behind a gap rows no longer count time: what was said before it was not said of this row.
        if ((row as { readonly gap?: true }).gap) own.of.scale.fill(Number.NaN);
        const { surprise, tail, expected, low, high } = judge(
          own,
          row,
          channels.length,
          horizons,
          firsts,
          levels.length,
        );
        learn(own, row, horizons, firsts, levels);
        const forecast = forecastOf(own, row, horizons, firsts, levels);
        own.row[0]++;
        out.emit(extended(row, { surprise, tail, expected, low, high, forecast }));
      },
    };
  });
  return { ...stage, tells: { levels } };
}

/** Where the values lie in what was forecast for them one row before. */
function judge(
  own: Own,
  { values }: Event,
  channels: number,
  horizons: readonly number[],
  firsts: readonly number[],
  levels: number,
) {
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
    const scale = t > 0 ? own.of.scale[slot] : Number.NaN;
    const said = slot * levels;
    const known = scale > 0;
    expected.push(known ? own.said[said + (levels >> 1)] : Number.NaN);
    low.push(known ? own.said[said] : Number.NaN);
    high.push(known ? own.said[said + levels - 1] : Number.NaN);
    if (!known || !isValue(values[c])) {
      tail.push(Number.NaN);
      continue;
    }
    const z = (values[c] - own.of.location[slot]) / scale;
    const share = cumulative(own.of, q, z);
    tail.push(Math.min(1, 2 * Math.min(share, 1 - share)));
    surprise -= kernels.log(density(own.of, q, z) / scale);
  }
  return { surprise, tail, expected, low, high };
}

/** Learns from every forecast that was made for this row: its error, and which of its quantiles held. */
function learn(
  own: Own,
  { values }: Event,
  horizons: readonly number[],
  firsts: readonly number[],
  levels: readonly number[],
): void {
  const t = own.row[0];
  for (let q = 0; q < firsts.length; q++) {
    const horizon = horizons[q % horizons.length];
    const value = values[Math.floor(q / horizons.length)];
    if (t < horizon || !isValue(value)) continue;
    const slot = slotAt(firsts[q], horizon, t - horizon);
    if (!(own.of.scale[slot] > 0)) continue;
    steer(own, q, slot, value, levels);
    learnError(own.of, q, slot, value);
  }
}

/** Lowers a level whose quantile held and raises one whose did not, by so much that both cancel if it keeps its promise. */
function steer(own: Own, q: number, slot: number, value: number, levels: readonly number[]): void {
  for (let l = 0; l < levels.length; l++) {
    const at = q * levels.length + l;
    const level = levels[l];
    const room = Math.min(level, 1 - level);
    const moved = own.level[at] + steering * room * (level - (value <= own.said[slot * levels.length + l] ? 1 : 0));
    // Far enough from 0 and 1 to come back, whatever has happened.
    own.level[at] = Math.max(level - 0.9 * room, Math.min(level + 0.9 * room, moved));
  }
}

function forecastOf(
  own: Own,
  { prediction }: Remembered,
  horizons: readonly number[],
  firsts: readonly number[],
  levels: readonly number[],
): Forecast {
  const { mean, spread, gauges } = prediction;
  const gaugesEach = gauges ? gauges.length / mean.length : 0;
  const quantiles = new Float64Array(firsts.length * levels.length);
  for (let q = 0; q < firsts.length; q++) {
    const slot = slotAt(firsts[q], horizons[q % horizons.length], own.row[0]);
    expect(own.of, q, slot, mean[q], spread[q], gauges, gaugesEach);
    const location = own.of.location[slot];
    const scale = own.of.scale[slot];
    let least = Number.NEGATIVE_INFINITY;
    for (let l = 0; l < levels.length; l++) {
      const at = q * levels.length + l;
      // Levels that were steered across each other must not let quantiles cross.
      least = Math.max(least, quantile(own.of, q, own.level[at]));
      quantiles[at] = location + scale * least;
      own.said[slot * levels.length + l] = quantiles[at];
    }
  }
  return { horizons, levels, mean, quantiles };
}

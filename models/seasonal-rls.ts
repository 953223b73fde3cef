import { f32, f64, i32, type Layout, type Row, u8 } from '../state/layout.js';
import { leastSquares } from './least-squares.js';
import type { MemoryOptions } from './model.js';
import { holds, modulo, periodRowsMax, ringRows, type Series, samePhase, seenAt, slotOf, valueAt } from './series.js';
import { type Part, univariate } from './univariate.js';

export interface SeasonOptions extends MemoryOptions {
  /** Which of the two periods it lives by: the short one, or the long one where there is one. */
  readonly period: 'short' | 'long';
  /** Cycles whose median is the profile. */
  readonly cycles: number;
  /** Forgetting per event of each autoregression. */
  readonly forget: readonly number[];
  /** Residuals that are kept, a power of two. */
  readonly residuals: number;
  /** Keeps residuals in 32 bits: enough for lags. */
  readonly narrow?: boolean;
}

/** A part with a profile that can speak before the rest has learned. */
interface SeasonPart<L extends Layout> extends Part<L> {
  place(t: number, i: number): number;
  outline(series: Series, t: number, out: Float64Array, at: number, stride: number): void;
}

const lagRows = 12;
/** Lags around each period, beside the last twelve. */
const phaseLags = 4;
const features = lagRows + 2 * phaseLags + 1;
/** Forgetting per event of the carry of the level. */
const levelForget = 0.999;
const clip = 4;
/** Rows before the size of residuals counts as known. */
const warmRows = 20;
/** Largest standardised residual that is kept, used as a feature, and used for the level. */
const residualMax = 1000;
const featureMax = 10;
const levelMax = 8;

/**
 * The median of the same phase in the last cycles, and an autoregression on what is left, divided by its typical size at
 * that phase. (The standardised residual is the greatest single gain on NYC taxi.) It gives several forecasts:
 * the whole, the median alone, the median moved by the present level, the whole with every further forgetting, and the value
 * of the last cycle.
 */
export function season({ horizons, period, cycles, forget, residuals, narrow }: SeasonOptions) {
  const count = horizons.length;
  const far = horizons[count - 1];
  const slots = far + 1;
  const readouts = forget.map((lambda) => leastSquares({ features, horizons, forget: lambda, clip }));
  const names = readouts.map((_, r) => `readout${r}`);
  const layout = {
    readouts: Object.fromEntries(readouts.map(({ layout }, r) => [names[r], layout])),
    /** Ring of standardised residuals, written downwards like the series. */
    residual: narrow ? f32(residuals) : f64(residuals),
    /** 1 + the first row that has a profile; 0 before. */
    begun: f64(),
    /** Per origin and horizon: what the profile expects there, and the size of the residual there. */
    expected: f64(slots * count),
    size: f64(slots * count),
    /** Per origin: its own residual, and whether it is one. */
    now: f64(slots),
    ready: u8(slots),
    /** Typical size of the residual at each phase, and how many went into it. */
    phaseSize: f32(periodRowsMax),
    phaseCount: u8(periodRowsMax),
    /** The same over all phases, the mean of the profile, and their number of rows. */
    allSize: f64(),
    level: f64(),
    rows: f64(),
    /** Per horizon: products of the residual then and now. */
    cross: f64(count),
    square: f64(count),
    lags: i32(features),
    lagCount: i32(),
  };
  type Own = Row<typeof layout>;
  const periodOf = (series: Series): number => (period === 'long' && series.periods[1]) || series.periods[0];
  const sorted = new Float64Array(cycles); // written before it is read: no state

  /** Median of the same phase in the cycles before `row` that are known at row t; NaN where there is none. */
  function profile(series: Series, cycleRows: number, row: number, t: number): number {
    let known = 0;
    let from = samePhase(row, cycleRows, t);
    for (let k = 0; k < cycles && holds(series, from); k++, from -= cycleRows) {
      const value = valueAt(series, from);
      let i = known++;
      for (; i > 0 && sorted[i - 1] > value; i--) sorted[i] = sorted[i - 1];
      sorted[i] = value;
    }
    if (known === 0) return Number.NaN;
    const half = known >> 1;
    return known % 2 === 1 ? sorted[half] : 0.5 * (sorted[half - 1] + sorted[half]);
  }

  /** Typical size of the residual at a row whose profile is `middle`: of its phase and four neighbours, shrunk to the whole. */
  function sizeAt(own: Own, series: Series, cycleRows: number, row: number, middle: number): number {
    if (own.rows[0] <= warmRows) return series.scale[0] || 1;
    let sum = 0;
    let weight = 0;
    let phase = modulo(row - 3, cycleRows);
    for (let d = -2; d <= 2; d++) {
      phase = phase + 1 === cycleRows ? 0 : phase + 1;
      const trust = Math.min(own.phaseCount[phase], 8);
      sum += own.phaseSize[phase] * trust;
      weight += trust;
    }
    const all = own.allSize[0];
    let size = (sum + 10 * all) / (weight + 10);
    // Counts vary with their level: where nothing is negative, half of the say goes to the profile.
    if (series.low[0] >= 0 && own.level[0] > 0) {
      size = Math.sqrt(size * (Math.max(middle, 0.15 * own.level[0]) / own.level[0]) * all);
    }
    const floor = 1e-12 * Math.abs(middle);
    return size > floor ? size : floor + 1e-300;
  }

  function learn(own: Own, series: Series, t: number, phase: number, residual: number, middle: number): void {
    const now = valueAt(series, t);
    const rows = ++own.rows[0];
    const clippedSize = rows > warmRows ? Math.min(Math.abs(residual), 5 * own.allSize[0]) : Math.abs(residual);
    own.allSize[0] += Math.max(1 / rows, 0.001) * (clippedSize - own.allSize[0]);
    if (own.phaseCount[phase] < 255) own.phaseCount[phase]++;
    const seen = own.phaseCount[phase];
    own.phaseSize[phase] += Math.max(1 / seen, 0.1) * (clippedSize - own.phaseSize[phase]);
    own.level[0] += Math.max(1 / rows, 0.001) * (middle - own.level[0]);
    for (let i = 0; i < count; i++) {
      const origin = t - horizons[i];
      const slot = modulo(origin, slots);
      if (origin < own.begun[0] - 1 || own.ready[slot] === 0) continue;
      const at = slot * count + i;
      const later = (now - own.expected[at]) / own.size[at];
      for (let r = 0; r < readouts.length; r++) readouts[r].learn(own.readouts[names[r]], t, i, later);
      const then = bound(own.now[slot], levelMax);
      own.cross[i] = levelForget * own.cross[i] + bound(later, levelMax) * then;
      own.square[i] = levelForget * own.square[i] + then * then;
    }
  }

  return {
    layout,
    /** Where `expected` and `size` have what was worked out at row t for the i-th horizon. */
    place: (t: number, i: number): number => modulo(t, slots) * count + i,
    outputs: 3 + forget.length,
    seasonal: true,
    start(own, series) {
      let lags = lagRows;
      for (let i = 0; i < lagRows; i++) own.lags[i] = i;
      for (const rows of series.periods) {
        // The phases of now, of the farthest horizon, and two between, one period ago.
        for (let k = 0; k < phaseLags; k++) {
          const ahead = far <= 2 ? (k < 2 ? 0 : far) : Math.round((k * far) / (phaseLags - 1));
          const lag = rows - ahead;
          if (rows > 0 && lag > 0 && !own.lags.subarray(0, lags).includes(lag)) own.lags[lags++] = lag;
        }
      }
      own.lagCount[0] = lags;
      for (let r = 0; r < readouts.length; r++) readouts[r].start(own.readouts[names[r]], lags + 1, 1);
    },
    /** What the profile alone says at row t, for the time in which the part has not learned all rows up to it. */
    outline(series: Series, t: number, out: Float64Array, at: number, stride: number): void {
      const cycleRows = periodOf(series);
      const now = valueAt(series, t);
      const known = cycleRows > 0 && holds(series, t - cycleRows);
      const moved = known ? 0.5 * (now - profile(series, cycleRows, t, t - 1)) : 0;
      for (let i = 0; i < count; i++) {
        const row = t + horizons[i];
        const ahead = known ? profile(series, cycleRows, row, t) : now;
        for (let m = 0; m < 2 + readouts.length; m++) out[at + m * stride + i] = ahead + (m === 1 ? 0 : moved);
        out[at + (2 + readouts.length) * stride + i] = known ? valueAt(series, samePhase(row, cycleRows, t)) : now;
      }
    },
    step(own, series, t, out, at, stride) {
      const cycleRows = periodOf(series);
      const now = valueAt(series, t);
      if (own.begun[0] === 0) {
        if (cycleRows === 0 || !holds(series, t - cycleRows)) {
          for (let m = 0; m < 3 + readouts.length; m++) out.fill(now, at + m * stride, at + m * stride + count);
          return;
        }
        own.begun[0] = t + 1;
      }
      const seen = seenAt(series, t);
      const middle = profile(series, cycleRows, t, t - 1);
      const residual = now - middle;
      const z = bound(residual / sizeAt(own, series, cycleRows, t, middle), residualMax);
      own.residual[slotOf(own.residual, t)] = z;
      if (seen) learn(own, series, t, modulo(t, cycleRows), residual, middle);

      const slot = modulo(t, slots);
      own.now[slot] = z;
      own.ready[slot] = seen ? 1 : 0;
      for (let r = 0; r < readouts.length; r++) {
        const readout = own.readouts[names[r]];
        const line = readouts[r].line(t);
        readout.features[line] = 0.1;
        for (let j = 0; j < own.lagCount[0]; j++) {
          const row = t - own.lags[j];
          const then = row >= own.begun[0] - 1 ? own.residual[slotOf(own.residual, row)] : 0;
          readout.features[line + j + 1] = bound(then, featureMax);
        }
        readouts[r].observe(readout, t, seen);
      }

      for (let i = 0; i < count; i++) {
        const row = t + horizons[i];
        const ahead = profile(series, cycleRows, row, t);
        const size = sizeAt(own, series, cycleRows, row, ahead);
        own.expected[slot * count + i] = ahead;
        own.size[slot * count + i] = size;
        const carry = (own.cross[i] + 5) / (own.square[i] + 10);
        out[at + i] = ahead + size * readouts[0].forecast(own.readouts[names[0]], t, i);
        out[at + stride + i] = ahead;
        out[at + 2 * stride + i] = ahead + size * carry * z;
        for (let r = 1; r < readouts.length; r++) {
          out[at + (2 + r) * stride + i] = ahead + size * readouts[r].forecast(own.readouts[names[r]], t, i);
        }
        out[at + (2 + readouts.length) * stride + i] = valueAt(series, samePhase(row, cycleRows, t));
      }
    },
  } satisfies SeasonPart<typeof layout>;
}

const bound = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));

/**
 * Seasonal autoregression: the median of the last cycles plus least squares on standardised residuals. Wins where seasons
 * are strong and the level wanders; the last value until a period is found. Cost: 22 x 22 multiply-adds per event, and per
 * horizon a median of four.
 */
export function seasonalRls(options: MemoryOptions) {
  const capacity = ringRows(4 * periodRowsMax, options);
  const residuals = ringRows(periodRowsMax, options);
  const part = season({ ...options, period: 'long', cycles: 4, forget: [0.999], residuals });
  return univariate('seasonal-rls', 1, options, capacity, part);
}

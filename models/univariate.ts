import { f64, type Layout, type Row } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions, Model } from './model.js';
import { append, isValue, modulo, type Series, seriesLayout, takePeriods } from './series.js';

/** The series of all channels of a key, the one at hand among them; empty where channels do not see each other. */
export type Beside = readonly Series[];

/** The inner part of a memory of one channel: reads the series, keeps what it learned in a row of its own. */
export interface Part<L extends Layout = Layout> {
  readonly layout: L;
  /** Forecasts per horizon; the first one is the part's own opinion. */
  readonly outputs: number;
  /** Whether what was learned hangs on the periods: then new periods mean a new start from the rows still held. */
  readonly seasonal: boolean;
  /** Begins on a zeroed row, with the periods that the series has now. */
  start(own: Row<L>, series: Series): void;
  /**
   * Learns row t, the newest that it may look at, then writes the forecasts to `out[at + output * stride + horizon]`.
   * `beside` has the series of all channels of the key; all have taken in their newest row.
   */
  step(own: Row<L>, series: Series, t: number, out: Float64Array, at: number, stride: number, beside: Beside): void;
}

/** Rows that a part goes through again when it starts anew. */
export const replayRowsMax = 4096;

/** Starts a part anew from the rows that the series still holds before row t. */
export function restart<L extends Layout>(
  part: Part<L>,
  own: Row<L>,
  series: Series,
  t: number,
  out: Float64Array,
  beside: Beside = [],
): void {
  clear(own);
  part.start(own, series);
  for (let row = Math.max(0, t - replayRowsMax, series.rows[0] - series.value.length); row < t; row++) {
    part.step(own, series, row, out, 0, out.length / part.outputs, beside);
  }
}

/** Sets every field to zero. */
export function clear(row: object): void {
  for (const part of Object.values(row)) {
    if (ArrayBuffer.isView(part)) (part as Float64Array).fill(0);
    else clear(part as object);
  }
}

/** Weight of the newest absolute error in the running one. */
const errorRate = 0.02;

/** What became of the forecasts: those that wait for their row, and the running absolute error of each horizon. */
export function trackRecord(horizons: readonly number[]) {
  const count = horizons.length;
  const slots = horizons[count - 1] + 1;
  const layout = { waiting: f64(slots * count), error: f64(count), labels: f64(count) };
  type Own = Row<typeof layout>;
  return {
    layout,
    /** Scores the forecasts for row t; the surprise is that of the shortest horizon, in nats and in units of the scale. */
    score(own: Own, t: number, value: number, scale: number): number {
      let surprise = 0;
      for (let i = 0; i < count; i++) {
        const origin = t - horizons[i];
        if (origin < 0) continue;
        const size = Math.abs(value - own.waiting[modulo(origin, slots) * count + i]);
        const unit = scale > 0 ? scale : 1;
        if (i === 0) {
          // Laplace density of the error: 1/2b exp(-|e|/b).
          const b = Math.max(own.labels[0] > 0 ? own.error[0] : unit, unit * 1e-6);
          surprise = size / b + kernels.log((2 * b) / unit);
        }
        const labels = ++own.labels[i];
        own.error[i] += Math.max(errorRate, 1 / labels) * (size - own.error[i]);
      }
      return surprise;
    },
    /** Keeps what was forecast at row t. */
    keep(own: Own, t: number, from: Float64Array, at: number): void {
      const line = modulo(t, slots) * count;
      for (let i = 0; i < count; i++) own.waiting[line + i] = from[at + i];
    },
    /** Typical absolute error of the i-th horizon; the scale before there was one. */
    spread: (own: Own, i: number, scale: number): number => (own.labels[i] > 0 ? own.error[i] : scale),
  };
}

/** Makes a memory of any number of channels from a part that remembers one: every channel has a series and a part. */
export function univariate<L extends Layout>(
  name: string,
  version: number,
  options: MemoryOptions,
  capacity: number,
  part: Part<L>,
): Model {
  const { channels, horizons } = options;
  const count = horizons.length;
  const record = trackRecord(horizons);
  const channel = { series: seriesLayout(capacity), record: record.layout, part: part.layout };
  type Own = { series: Series; record: Row<typeof record.layout>; part: Row<L> };
  const names = Array.from({ length: channels }, (_, c) => `c${c}`);
  // Written before they are read, in every step: no state.
  const scratch = new Float64Array(part.outputs * count);
  const beside: Series[] = [];

  return {
    name,
    version,
    ...options,
    shared: {},
    keyed: Object.fromEntries(names.map((c) => [c, channel])),
    init() {},
    initKey(_, own) {
      for (const c of names) {
        const { series, part: inner } = own[c] as unknown as Own;
        part.start(inner, series);
      }
    },
    step(_, own, { values, scale, periods }, out) {
      let surprise = 0;
      for (let c = 0; c < channels; c++) {
        beside[c] = (own[names[c]] as unknown as Own).series;
        append(beside[c], values[c], scale[c]);
      }
      for (let c = 0; c < channels; c++) {
        const { series, record: past, part: inner } = own[names[c]] as unknown as Own;
        const at = c * count;
        const t = series.rows[0] - 1;
        if (t < 0) {
          out.mean.fill(Number.NaN, at, at + count);
          out.spread.fill(Number.NaN, at, at + count);
          continue;
        }
        if (isValue(values[c])) surprise += record.score(past, t, values[c], series.scale[0]);
        const moved = takePeriods(series, periods);
        if (moved && part.seasonal) restart(part, inner, series, t, scratch, beside);
        part.step(inner, series, t, scratch, 0, count, beside);
        const last = series.value[~t & (capacity - 1)];
        for (let i = 0; i < count; i++) {
          const forecast = scratch[i];
          out.mean[at + i] = Number.isFinite(forecast) ? forecast : last;
          out.spread[at + i] = record.spread(past, i, series.scale[0]);
        }
        record.keep(past, t, out.mean, at);
      }
      out.surprise = surprise;
    },
  };
}

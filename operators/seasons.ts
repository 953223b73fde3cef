import type { Event } from '../event.js';
import { isValue } from '../models/series.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, i32, type Row, u32 } from '../state/layout.js';
import { checkNames, checkNumber } from './options.js';
import { findPeriods } from './periods.js';
import { extended, keyed, type Nothing, type Stage } from './stage.js';

export interface SeasonsOptions {
  /** Rows of the past that are searched; a period must fit into it two and a half times. */
  readonly memoryRows?: number;
  /** The longest period looked for, in rows. */
  readonly longestRows?: number;
  readonly keys?: KeyLimit;
}

/** An event with the seasons that its key has shown so far. */
export interface Seasoned {
  /** Periods in rows: none, a short one, or a short one and a multiple of it; rows share one array while it stays. */
  readonly periods: Int32Array;
}

const dayMs = 86_400_000;
/** It is looked at every 128 rows while young, then every 1,024. */
const youngRows = 1024;
const youngEvery = 128;
const oldEvery = 1024;

function layoutOf(channels: number, memoryRows: number) {
  return {
    rows: u32(),
    /** Ring of the last values of each channel, gaps filled, and of the times of every 128th row. */
    value: f64(channels * memoryRows),
    timeMs: f64(Math.ceil(memoryRows / youngEvery) + 1),
    /** What was found, and what was found last time: another period is taken over when it is found twice. */
    periods: i32(2),
    candidate: i32(2),
  };
}
type Own = Row<ReturnType<typeof layoutOf>>;

/**
 * Finds the seasonal periods in the stream itself and keeps looking: at rows 128, 256 … 1,024 and then every 1,024 rows of
 * the key. The first find counts at once; a change must be found twice in a row. What is no longer there is kept until
 * something else takes its place: a season that pauses comes back.
 */
export function seasons<A extends Event>(options: SeasonsOptions = {}): Stage<A, A & Seasoned> {
  const { memoryRows = 8192, longestRows = 2304, keys } = options;
  checkNames('seasons', options, ['memoryRows', 'longestRows', 'keys']);
  checkNumber('seasons.memoryRows', memoryRows, { min: 128, max: 1 << 20, whole: true });
  checkNumber('seasons.longestRows', longestRows, { min: 8, max: memoryRows, whole: true });
  type Layout = ReturnType<typeof layoutOf>;
  return keyed<Nothing, Layout, A, A & Seasoned>('seasons', { memoryRows, longestRows, keys }, ({ channels }) => {
    // A copy of what the state says, kept only to hand out the same array again.
    const given = new WeakMap<Own, Int32Array>();
    return {
      id: 'seasons',
      version: '2',
      keys,
      shared: {},
      layout: layoutOf(channels.length, memoryRows),
      step(_, own, row, out) {
        append(own, row, channels.length, memoryRows);
        if (isDue(own.rows[0])) search(own, row.timeMs, channels.length, memoryRows, longestRows);
        let periods = given.get(own);
        if (!periods || !same(periods, own.periods)) {
          periods = own.periods.filter((period) => period > 0);
          given.set(own, periods);
        }
        out.emit(extended(row, { periods }));
      },
    };
  });
}

const isDue = (rows: number): boolean =>
  rows > 0 && (rows <= youngRows ? rows % youngEvery === 0 : rows % oldEvery === 0);

const same = (found: ArrayLike<number>, kept: ArrayLike<number>): boolean =>
  kept[0] === (found[0] ?? 0) && kept[1] === (found[1] ?? 0);

/** Puts the values into the rings; a missing one is taken from one period ago, or from the row before. */
function append(own: Own, { values, timeMs }: Event, channels: number, memoryRows: number): void {
  const t = own.rows[0];
  const back = own.periods[0] > 0 && own.periods[0] <= Math.min(t, memoryRows - 1) ? own.periods[0] : Math.min(t, 1);
  for (let c = 0; c < channels; c++) {
    const ring = c * memoryRows;
    const filled = own.value[ring + ((t - back) % memoryRows)];
    own.value[ring + (t % memoryRows)] = isValue(values[c]) ? values[c] : filled;
  }
  if (t % youngEvery === 0) own.timeMs[(t / youngEvery) % own.timeMs.length] = timeMs;
  own.rows[0] = t + 1;
}

/** Looks at all that the rings hold; takes over what it finds first, or twice. */
function search(own: Own, nowMs: number, channels: number, memoryRows: number, longestRows: number): void {
  const end = own.rows[0];
  const rows = Math.min(end, memoryRows);
  const from = end - rows;
  const series = Array.from({ length: channels }, (_, c) =>
    Float64Array.from({ length: rows }, (_, i) => own.value[c * memoryRows + ((from + i) % memoryRows)]),
  );
  const timed = Math.ceil(from / youngEvery);
  const spanMs = nowMs - own.timeMs[timed % own.timeMs.length];
  const dayRows = spanMs > 0 ? Math.round((dayMs * (end - 1 - timed * youngEvery)) / spanMs) : 0;
  const found = findPeriods(series, longestRows, dayRows);
  const first = own.periods[0] === 0;
  if (found.length > 0 && (first || same(found, own.candidate))) write(own.periods, found);
  write(own.candidate, found);
}

function write(field: Int32Array, periods: readonly number[]): void {
  field[0] = periods[0] ?? 0;
  field[1] = periods[1] ?? 0;
}

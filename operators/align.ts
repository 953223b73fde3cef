import { map } from 'rxjs';
import type { Event } from '../event.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Row, u32 } from '../state/layout.js';
import { checkNames, checkNumber, checkWord } from './options.js';
import { extended, keyed, type Nothing, type Out, type Stage } from './stage.js';

export interface AlignOptions {
  /** Time between the points of the grid; `auto` finds it from the first 32 gaps of each key. Default `auto`. */
  readonly stepMs?: 'auto' | number;
  /**
   * What stands at a point of the grid where nothing was reported: `none` puts in no row, `missing` a row of NaN,
   * `previous` the last values again, a number that number (for counts that are only reported when there is something to
   * count: 0). Interpolation is not offered: it would tell the memory what comes after. Default `missing`.
   */
  readonly fill?: 'none' | 'missing' | 'previous' | number;
  /** A pause of more points than this is not filled: the next row is marked as coming after a gap. Default 48. */
  readonly maxGapRows?: number;
  /**
   * Several events at one point of the grid: `keep` passes each on, `first` refuses all but the first, `last` and `mean`
   * make one row of them, which is let go when the next point is reached. Default `keep`.
   */
  readonly collide?: 'keep' | 'first' | 'last' | 'mean';
  readonly keys?: KeyLimit;
}

/** An event on the grid of its key. */
export interface Aligned extends Event {
  /** Nothing was reported here: the row was put in, at the offset of the event that showed it. */
  readonly filled?: true;
  /** The first row after a pause that was too long to fill: what went before is no neighbour. */
  readonly gap?: true;
}

/** Gaps that an automatic step is found from, and the share of them that must be near a multiple of it. */
const gapsSeen = 32;
const regularShare = 0.75;
const nearness = 0.25;
/** How much of an event's distance from its point the grid follows: clocks drift. */
const following = 0.1;

function layoutOf(channels: number) {
  return {
    /** Events so far. */
    rows: f64(),
    /** 0 while it is not known, and for good where there is none. */
    stepMs: f64(),
    /** Positive gaps seen while looking for the step, and how long they were. */
    gaps: u32(),
    gapMs: f64(gapsSeen),
    /** Time of the last event while there is no grid, of the last point reached when there is. */
    pointMs: f64(),
    last: f64(channels),
    /** Events that wait at the point for `last` and `mean`: how many, the last's time and offset, its marks, sums. */
    held: u32(),
    heldMs: f64(),
    heldOffset: f64(),
    heldGap: u32(),
    sum: f64(channels),
    count: u32(channels),
  };
}
type Own = Row<ReturnType<typeof layoutOf>>;

/**
 * Puts the events of each key on a grid of equal steps: an event within half a step of a point is that point's (and
 * keeps its own time), points without one are filled. The grid follows the events, so jitter does not add up and slow
 * clocks do no harm. A key whose gaps show no common step has no grid, and its events pass as they are. Events must
 * come in order of time (`reorder`); one that goes back passes as it is and the grid waits for the others.
 */
export function align(options: AlignOptions = {}): Stage<Event, Aligned> {
  const { stepMs = 'auto', fill = 'missing', maxGapRows = 48, collide = 'keep', keys } = options;
  checkNames('align', options, ['stepMs', 'fill', 'maxGapRows', 'collide', 'keys']);
  if (stepMs !== 'auto') checkNumber('align.stepMs ("auto" or a number)', stepMs, { min: 1 });
  if (typeof fill === 'number') checkNumber('align.fill', fill);
  else checkWord('align.fill', fill, ['none', 'missing', 'previous', '(a number)']);
  checkNumber('align.maxGapRows', maxGapRows, { min: 0, max: 10_000, whole: true });
  checkWord('align.collide', collide, ['keep', 'first', 'last', 'mean']);
  const settings = { stepMs, fill, maxGapRows, collide, keys };
  return keyed<Nothing, ReturnType<typeof layoutOf>, Event, Aligned>(
    'align',
    settings,
    ({ channels, categories = [] }) => {
      if (categories.length > 0 && (collide === 'last' || collide === 'mean')) {
        throw new RangeError(
          `align.collide: expected keep or first for words (${categories.join(', ')}), got ${collide}`,
        );
      }
      const filler = (own: Own): number[] => {
        if (fill === 'previous') return Array.from(own.last);
        return channels.map(() => (typeof fill === 'number' ? fill : Number.NaN));
      };
      /** An event at the point that the grid has reached. */
      const arrive = (own: Own, row: Event, gap: boolean, out: Out<Aligned>): void => {
        if (collide === 'last' || collide === 'mean') take(own, row, gap, collide);
        else out.emit(gap ? extended(row, { gap }) : row);
        keep(own, row);
      };
      return {
        id: 'align',
        version: '1',
        keys,
        shared: {},
        layout: layoutOf(channels.length),
        initKey(_, own) {
          own.stepMs[0] = stepMs === 'auto' ? 0 : stepMs;
          own.last.fill(Number.NaN);
        },
        step(_, own, row, out) {
          const first = own.rows[0]++ === 0;
          if (first || own.stepMs[0] === 0) {
            if (!first && stepMs === 'auto') look(own, row.timeMs - own.pointMs[0]);
            own.pointMs[0] = first ? row.timeMs : Math.max(own.pointMs[0], row.timeMs);
            // Without a grid there is no point to wait at.
            if (own.stepMs[0] > 0) return arrive(own, row, false, out);
            keep(own, row);
            return out.emit(row);
          }
          const step = own.stepMs[0];
          const points = Math.round((row.timeMs - own.pointMs[0]) / step);
          if (points < 0) return out.emit(row);
          if (points === 0) {
            if (collide !== 'first') return arrive(own, row, false, out);
            const message = `expected one event in ${step} ms, got another: choose align.collide "last", "mean" or "keep"`;
            return out.reject(row, 'same-step', message);
          }
          letGo(own, row.key, out);
          const gap = points - 1 > maxGapRows;
          if (!gap && fill !== 'none') {
            for (let i = 1; i < points; i++) {
              const timeMs = Math.round(own.pointMs[0] + i * step);
              out.emit({ key: row.key, timeMs, values: filler(own), offset: row.offset, filled: true });
            }
          }
          const point = own.pointMs[0] + points * step;
          own.pointMs[0] = gap ? row.timeMs : point + following * (row.timeMs - point);
          arrive(own, row, gap, out);
        },
        finish: (_, own, key, out) => letGo(own, key, out),
      };
    },
  );
}

/** Drops the rows that `align` put in: the last step of a pipeline whose outputs should name only what was reported. */
export function dropFilled<A extends Event>(): Stage<A & { readonly filled?: boolean }, A> {
  return {
    id: 'drop-filled',
    settings: {},
    open: () => ({
      operator: map((batch) => {
        const kept = <T>(all: readonly T[]): readonly T[] => all.filter((_, i) => !batch.rows[i].filled);
        const { rows, causes } = batch;
        return { ...batch, rows: kept(rows), ...(causes ? { causes: { ...causes, rows: kept(causes.rows) } } : {}) };
      }),
      save: () => ({}),
      close() {},
    }),
  };
}

/** Collects gaps until there are enough to tell the step: their median, if most of them are near a multiple of it. */
function look(own: Own, gapMs: number): void {
  if (!(gapMs > 0) || own.gaps[0] === gapsSeen) return;
  own.gapMs[own.gaps[0]++] = gapMs;
  if (own.gaps[0] < gapsSeen) return;
  const step = own.gapMs.slice().sort()[gapsSeen >> 1] as number;
  const regular = own.gapMs.filter(
    (gap) => Math.abs(gap - Math.max(1, Math.round(gap / step)) * step) <= nearness * step,
  );
  own.stepMs[0] = regular.length >= regularShare * gapsSeen ? step : 0;
}

function keep(own: Own, row: Event): void {
  for (let c = 0; c < own.last.length; c++) {
    if (!Number.isNaN(row.values[c])) own.last[c] = row.values[c] as number;
  }
}

/** Takes an event to those that wait at the point; a missing channel takes nothing away. */
function take(own: Own, row: Event, gap: boolean, how: 'last' | 'mean'): void {
  if (own.held[0]++ === 0) {
    own.heldGap[0] = gap ? 1 : 0;
    own.sum.fill(0);
    own.count.fill(0);
  }
  own.heldMs[0] = row.timeMs;
  own.heldOffset[0] = row.offset;
  for (let c = 0; c < own.sum.length; c++) {
    const value = row.values[c] as number;
    if (Number.isNaN(value)) continue;
    own.sum[c] = how === 'mean' ? own.sum[c] + value : value;
    own.count[c] = how === 'mean' ? own.count[c] + 1 : 1;
  }
}

function letGo(own: Own, key: string, out: Out<Aligned>): void {
  if (own.held[0] === 0) return;
  const values = Array.from(own.sum, (sum, c) => (own.count[c] > 0 ? sum / own.count[c] : Number.NaN));
  const row = { key, timeMs: own.heldMs[0], values, offset: own.heldOffset[0] };
  own.held[0] = 0;
  out.emit(own.heldGap[0] > 0 ? extended(row, { gap: true }) : row);
}

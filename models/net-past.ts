import { f32, f64, i32, type Row, u8 } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import { isValue, modulo } from './series.js';

/** Numbers that a net is told of each row. */
export const inputs = 12;
/** Rows of one window, which a net learns from at once. */
export const windowRows = 16;
/** Inputs and targets are clipped to this many of their units. */
const inputMax = 4;
const targetMax = 8;
/** Weight of the newest value in the slow and in the fast mean. */
const slow = 0.005;
const fast = 0.2;
const dayMs = 86_400_000;
/** A Monday, so that weeks begin with one. */
const mondayMs = 4 * dayMs;

/**
 * What a net that many series share is told of one of them: the last rows as inputs free of level and size, and how far the
 * series moved from each row to each horizon, in units. As few rows are kept as a window needs until its last target is there.
 */
export function netPast(horizons: readonly number[]) {
  const far = horizons[horizons.length - 1];
  const slots = windowRows + far;
  const layout = {
    /** Rows so far; those before the first value do not count. */
    rows: f64(),
    value: f64(slots),
    seen: u8(slots),
    /** The unit of each row's targets, a power of two near the running deviation; 0 while unknown. */
    unit: f64(slots),
    input: f32(slots * inputs),
    level: f64(),
    quick: f64(),
    /** First row of the first window: keys that came together do not all learn at once. */
    phase: i32(),
  };
  type Own = Row<typeof layout>;
  // What the last time was turned into: a function of the time alone, so no state. Rows of many keys share their times.
  let clockMs = Number.NaN;
  const clock = new Float32Array(6);
  const slotOf = (row: number): number => modulo(row, slots);
  return {
    layout,
    /** Where a row that is held stands in every ring. */
    slotOf,
    /** Takes in a row and writes what is told of it; false while there was no value yet. */
    append(own: Own, value: number, scale: number, timeMs: number): boolean {
      const row = own.rows[0];
      const seen = isValue(value);
      if (!seen && row === 0) return false;
      const last = row === 0 ? value : own.value[slotOf(row - 1)];
      const now = seen ? value : last;
      const slot = slotOf(row);
      const unit = scale > 0 ? scale : row > 0 ? own.unit[slotOf(row - 1)] : 0;
      own.value[slot] = now;
      own.seen[slot] = seen ? 1 : 0;
      own.unit[slot] = unit;
      own.rows[0] = row + 1;
      own.level[0] += Math.max(1 / (row + 1), slow) * (now - own.level[0]);
      own.quick[0] += Math.max(1 / (row + 1), fast) * (now - own.quick[0]);
      const { input, level, quick } = own;
      const at = slot * inputs;
      input[at] = 1;
      input[at + 1] = unit > 0 ? bound((now - level[0]) / unit, inputMax) : 0;
      input[at + 2] = unit > 0 ? bound((now - last) / unit, inputMax) : 0;
      input[at + 3] = unit > 0 ? bound((quick[0] - level[0]) / unit, inputMax) : 0;
      input[at + 4] = seen ? 0 : 1;
      input[at + 5] = unit > 0 ? unit / (unit + Math.abs(level[0])) : 0;
      if (timeMs !== clockMs) {
        clockMs = timeMs;
        turn(clock, 0, (2 * Math.PI * modulo(timeMs, dayMs)) / dayMs);
        turn(clock, 2, (2 * Math.PI * modulo(timeMs - mondayMs, 7 * dayMs)) / (7 * dayMs));
        turn(clock, 4, (4 * Math.PI * modulo(timeMs, dayMs)) / dayMs);
      }
      for (let i = 0; i < clock.length; i++) input[at + 6 + i] = clock[i];
      return true;
    },
    /** Address of what is told of a row that is still held. */
    inputAt: (own: Own, row: number): number => own.input.byteOffset + 4 * inputs * slotOf(row),
    /** How far the series moved from `row` until `ahead` rows later, in units of that row; NaN where either was missing. */
    target(own: Own, row: number, ahead: number): number {
      const [from, to] = [slotOf(row), slotOf(row + ahead)];
      if (own.seen[from] === 0 || own.seen[to] === 0 || !(own.unit[from] > 0)) return Number.NaN;
      return bound((own.value[to] - own.value[from]) / own.unit[from], targetMax);
    },
    valueAt: (own: Own, row: number): number => own.value[slotOf(row)],
    unitAt: (own: Own, row: number): number => own.unit[slotOf(row)],
    /** First row of the window whose last target came with the newest row; -1 where none is complete. Windows adjoin. */
    window(own: Own): number {
      const first = own.rows[0] - slots;
      return first >= 0 && modulo(first - own.phase[0], windowRows) === 0 ? first : -1;
    },
  };
}

const bound = (x: number, limit: number): number => Math.max(-limit, Math.min(limit, x));

function turn(input: Float32Array, at: number, angle: number): void {
  input[at] = kernels.sin(angle);
  input[at + 1] = kernels.cos(angle);
}

import { f64, type Row, u32 } from '../../state/layout.js';
import { type Judge, type Reasons, reasonKinds } from './judge.js';
import { channelOf, type Measured, numberOf, shareOf } from './measure.js';

/** Rows after which what alarmed is no longer held against what was before it: as long as only something stronger would alarm. */
const heldRows = 200;

/** What alarmed last: its kind (one more than its index), its channel, and the range that the number had left. */
export const holdLayout = { kind: u32(), channel: u32(), rows: u32(), actual: f64(), low: f64(), high: f64() };
export type Hold = Row<typeof holdLayout>;

/** Keeps what an alarm went by. */
export function hold(own: Hold, judge: Judge, reasons: Reasons): void {
  // The error of a single row is over with it: what else was new tells whether it lasts.
  const main = reasons.parts.find(({ kind }) => kind !== 'single error') ?? reasons.parts[0];
  own.kind[0] = main ? reasonKinds.indexOf(main.kind) + 1 : 0;
  own.channel[0] = main ? channelOf(judge, main.kind, reasons) : 0;
  own.rows[0] = 0;
  const { actual, low, high } = main?.measured ?? nothing;
  own.actual[0] = actual;
  own.low[0] = low;
  own.high[0] = high;
}

const nothing: Measured = { actual: Number.NaN, low: Number.NaN, high: Number.NaN };

/**
 * Whether what alarmed lasts: its number is still outside the range it had before, on the same side, and the row is one of
 * those that keep it there; of the joint state of all channels, while that is abnormal.
 */
export function isHeld(own: Hold, judge: Judge, abnormal: boolean, values: ArrayLike<number>): boolean {
  if (own.kind[0] === 0 || ++own.rows[0] > heldRows) return false;
  const kind = reasonKinds[own.kind[0] - 1];
  if (kind === 'joint state') return abnormal;
  // A row in which its channel is missing shows nothing of it.
  if (kind !== 'pace' && kind !== 'missing values' && !Number.isFinite(values[own.channel[0]])) return false;
  const left = { actual: own.actual[0], low: own.low[0], high: own.high[0] };
  const now = numberOf(judge, kind, own.channel[0]);
  const lasts = left.actual > left.high ? now > left.high : now < left.low;
  return lasts && shareOf(judge, kind, own.channel[0], left, 0) > 0;
}

import { f64, type Row, u32 } from '../../state/layout.js';

/** Onsets of late, and rows in which there is none. */
export const onsetLayout = { many: f64(), still: u32() };
export type Onset = Row<typeof onsetLayout>;

/** Rows after an onset in which no other comes: they tell of the same. */
const stillRows = 20;
/** How far every onset of late raises the bar, and rows in which it is forgotten. */
const rise = 0.25;
const forgetRows = 4000;

/**
 * How notable it is what begins at a row: newness above a bar that every onset of late raises, 0 at most rows. It ranks onsets
 * of all keys on one scale whatever the budget is, and is no probability.
 */
export function onset(own: Onset, newness: number): number {
  own.many[0] *= 1 - 1 / forgetRows;
  if (own.still[0] > 0) {
    own.still[0]--;
    return 0;
  }
  const above = newness - rise * own.many[0];
  if (above <= 0) return 0;
  own.many[0]++;
  own.still[0] = stillRows;
  return above;
}

import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';

/** Rows so far, onsets of late, and the last onset with the rows since. */
export const onsetLayout = { rows: u32(), many: f64(), beyond: f64(), strength: f64(), quiet: u32() };
export type Onset = Row<typeof onsetLayout>;

/** Rows after an onset in which no other comes at all, and in which one must outdo it. */
const silentRows = 20;
const shadowRows = 200;
/** How far every onset of late raises the bar, and rows in which it is forgotten. */
const rise = 0.5;
const forgetRows = 1000;
/** How far an onset raises the bar for longer, and rows until it has sunk by as much again. */
const lasting = 0.05;
const usualRows = 2000;
/** Records are common in a short past, as one in n rows is one by chance: the bar is higher by so much of ln(5000/n). */
const youth = 0.2;
const youngRows = 5000;

/**
 * How notable it is what begins at a row: newness above what the key has shown of late, 0 at most rows. It ranks
 * onsets of all keys on one scale whatever the budget is, and is no probability. An onset hides the weaker ones that follow it.
 */
export function onset(own: Onset, newness: number): number {
  own.rows[0]++;
  own.quiet[0]++;
  own.many[0] *= 1 - 1 / forgetRows;
  own.beyond[0] = Math.max(0, own.beyond[0] - lasting / usualRows);
  const bar = rise * own.many[0] + own.beyond[0] + youth * kernels.log(youngRows / Math.min(youngRows, own.rows[0]));
  const waits = own.strength[0] > 0 && own.quiet[0] <= silentRows;
  const shade = own.strength[0] * Math.max(0, 1 - own.quiet[0] / shadowRows);
  if (waits || newness <= shade || newness <= bar) return 0;
  own.many[0]++;
  own.beyond[0] += lasting;
  own.strength[0] = newness;
  own.quiet[0] = 0;
  return newness - bar;
}

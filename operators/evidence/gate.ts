import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';

/** Which alarms pass: rows so far, alarms of late, what the budget is overdrawn by, and the last alarm. */
export const gateLayout = { rows: u32(), alarms: f64(), overdrawn: f64(), strength: f64(), quiet: u32() };
export type Gate = Row<typeof gateLayout>;

/** Rows after an alarm in which no other comes at all, and in which one must outdo it. */
const silentRows = 20;
const shadowRows = 200;
/** How far every alarm of late raises the bar. */
const rise = 0.5;
/** How far an alarm raises the bar until the rows that it was allowed for have come. */
const debt = 0.05;
/** Records are common in a short past, as one in n rows is one by chance: the bar is higher by so much of ln(5000/n). */
const youth = 0.2;
const youngRows = 5000;

/**
 * How far newness is above the bar at this row, 0 where there is no alarm. Alarms raise the bar, and are forgotten in
 * half the rows that one false alarm is allowed for, but not by the budget: more of them than it allows raise the bar on
 * and on, which holds them to it in the long run. An alarm hides the weaker ones that follow it, as
 * they tell of the same.
 */
export function pass(own: Gate, newness: number, rate: number): number {
  own.rows[0]++;
  own.quiet[0]++;
  own.alarms[0] *= Math.max(0, 1 - 2 * rate);
  own.overdrawn[0] = Math.max(0, own.overdrawn[0] - debt * rate);
  const bar =
    rise * own.alarms[0] + own.overdrawn[0] + youth * kernels.log(youngRows / Math.min(youngRows, own.rows[0]));
  const waits = own.strength[0] > 0 && own.quiet[0] <= silentRows;
  const shade = own.strength[0] * Math.max(0, 1 - own.quiet[0] / shadowRows);
  if (waits || newness <= shade || newness <= bar) return 0;
  own.alarms[0]++;
  own.overdrawn[0] += debt;
  own.strength[0] = newness;
  own.quiet[0] = 0;
  return newness - bar;
}

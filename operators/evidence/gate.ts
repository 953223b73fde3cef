import { f64, type Row, u32 } from '../../state/layout.js';

/** Which alarms pass: the bar that newness must be above, and the last alarm. */
export const gateLayout = { bar: f64(), strength: f64(), quiet: u32() };
export type Gate = Row<typeof gateLayout>;

/** Rows after an alarm in which no other comes at all, and in which one must outdo it. */
const silentRows = 20;
const shadowRows = 200;
/** How far an alarm raises the bar. */
const rise = 0.3;

/**
 * How far newness is above the bar at this row, 0 where there is no alarm. Every alarm raises the bar and every row
 * lowers it, so that both cancel at the rate of alarms that is all right; and an alarm hides the weaker ones that follow
 * it, as they tell of the same.
 */
export function pass(own: Gate, newness: number, rate: number): number {
  const shade = own.strength[0] * Math.max(0, 1 - own.quiet[0] / shadowRows);
  const waits = own.strength[0] > 0 && own.quiet[0] <= silentRows;
  const alarms = !waits && newness > shade && newness > own.bar[0];
  const strength = alarms ? newness - own.bar[0] : 0;
  if (alarms) {
    own.strength[0] = newness;
    own.quiet[0] = 0;
    own.bar[0] += rise;
  }
  own.quiet[0]++;
  own.bar[0] = Math.max(0, own.bar[0] - rise * rate);
  return strength;
}

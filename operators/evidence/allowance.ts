import { f64, type Row } from '../../state/layout.js';
import { type AlarmBudget, everyMs, rateOf } from '../budget.js';

/** Alarms that passing time has granted and no row was given yet. */
export const allowanceLayout = { lastMs: f64(), saved: f64() };
export type Allowance = Row<typeof allowanceLayout>;

/** What is kept for later rows, in alarms. */
const savedMax = 1;

export type RatedBudget = Exclude<AlarmBudget, { falseDiscoveries: number }>;

/** Takes in that time has passed, for a budget by time. */
export function saveUp({ lastMs, saved }: Allowance, budget: RatedBudget, timeMs: number): void {
  if ('rows' in budget) return;
  if (lastMs[0] !== 0 && timeMs > lastMs[0]) {
    const granted = (budget.alarms * (timeMs - lastMs[0])) / (everyMs(budget.every) as number);
    saved[0] = Math.min(savedMax, saved[0] + granted);
  }
  lastMs[0] = lastMs[0] === 0 ? timeMs : Math.max(lastMs[0], timeMs);
}

/**
 * What a row is granted, in alarms: as much as rows that come every `stepMs` may have, but never more than time has brought. So
 * the grants of all rows until any moment are at most the budget of the time that has passed, whatever the clock believed.
 */
export function grantOf({ saved }: Allowance, budget: RatedBudget, stepMs: number): number {
  const rate = rateOf(budget, stepMs);
  if ('rows' in budget) return rate;
  const grant = Math.min(rate, saved[0]);
  saved[0] -= grant;
  return grant;
}

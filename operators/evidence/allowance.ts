import { f64, type Row, u32 } from '../../state/layout.js';
import { everyMs, type RatedBudget, rateOf } from '../budget.js';

/** Alarms that passing time has granted and no row was given yet. */
export const allowanceLayout = {
  /** Up to when time has passed, 0 before the first row; it lags behind rows that claim a leap. */
  passedMs: f64(),
  saved: f64(),
  /** Usual step between moments, and steps it was learnt from. */
  stepMs: f64(),
  steps: u32(),
  /** Rows in a row whose time was too far ahead to be believed at once, and rows in a row that lay behind. */
  ahead: u32(),
  behind: u32(),
};
export type Allowance = Row<typeof allowanceLayout>;

/** What is kept for later rows, in alarms. */
const savedMax = 1;
/** One row lets so many usual steps pass at most; each that follows and is ahead as well, twice as many as the one before. */
const stepsMax = 5;
const aheadMax = 30;
/** So many rows in a row, all earlier than the time that has passed, say that it was a wrong clock that passed it. */
const behindMax = 100;
const stepRate = 0.02;
const pauseMax = 4;

/**
 * Takes in that time has passed, for a budget by time. One row with a wrong clock would otherwise be the latest for years, and
 * nothing be granted until they are over: so it costs a few steps, and time that passed by many such rows is taken back. A
 * real pause passes within the few rows that follow it.
 */
export function saveUp(own: Allowance, budget: RatedBudget, timeMs: number): void {
  if ('rows' in budget) return;
  const gapMs = timeMs - own.passedMs[0];
  // Nothing was granted for time yet, so the first row need not be right.
  if (own.passedMs[0] === 0 || (own.steps[0] === 0 && gapMs < 0)) {
    own.passedMs[0] = timeMs;
    return;
  }
  if (gapMs < 0) {
    own.ahead[0] = 0;
    if (++own.behind[0] >= behindMax) beginAt(own, timeMs);
    return;
  }
  own.behind[0] = 0;
  if (gapMs === 0) return;
  own.steps[0]++;
  if (own.steps[0] === 1) {
    own.stepMs[0] = gapMs;
    own.passedMs[0] = timeMs;
    return;
  }
  const most = stepsMax * own.stepMs[0] * (1 << own.ahead[0]);
  own.ahead[0] = gapMs > most ? Math.min(aheadMax, own.ahead[0] + 1) : 0;
  const passedMs = Math.min(gapMs, most);
  own.saved[0] = Math.min(savedMax, own.saved[0] + (budget.alarms * passedMs) / (everyMs(budget.every) as number));
  own.passedMs[0] += passedMs;
  const taughtMs = Math.min(gapMs, pauseMax * own.stepMs[0]);
  own.stepMs[0] += Math.max(stepRate, 1 / own.steps[0]) * (taughtMs - own.stepMs[0]);
}

/** Time passes from here on; what was saved stays, and how far rows are apart is learnt anew. */
function beginAt(own: Allowance, timeMs: number): void {
  own.passedMs[0] = timeMs;
  own.stepMs[0] = 0;
  own.steps[0] = 0;
  own.behind[0] = 0;
}

/**
 * What a row is granted, in alarms: as much as rows that come every `stepMs` may have, but never more than time has brought. So
 * the grants of all rows until any moment are at most the budget of the time that has passed, whatever the clock believed. Only
 * where a hundred rows in a row lie in the past, time comes twice: of it at most what was saved, and what those rows' pace grants.
 */
export function grantOf({ saved }: Allowance, budget: RatedBudget, stepMs: number): number {
  const rate = rateOf(budget, stepMs);
  if ('rows' in budget) return rate;
  const grant = Math.min(rate, saved[0]);
  saved[0] -= grant;
  return grant;
}

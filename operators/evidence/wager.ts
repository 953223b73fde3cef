import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';
import { longestSum, runRows } from './run.js';

/** Bets on one p-value: on each of four sides, two of them. */
const sides = 4;
const betsEach = 2;
export const bets = sides * betsEach;
/** No factor is greater than this makes it: p-values that were rounded to an end would be worth anything. */
const leastSide = 1e-15;

/** What each bettor has, in alarms: what they have together pays for one when it comes to 1; and the last p-values. */
export const wagerLayout = { capital: f64(bets), recent: f64(runRows), rows: u32() };
export type Wager = Row<typeof wagerLayout>;

/**
 * Hands every bettor its part of `grant` and lets all bet on one p-value; what they have then, in alarms. The bets are the
 * densities x^(-1/2)/2 and x^(-3/4)/4, their mean is 1, of x = p (rows are far out or above), 1 - p (below), 2 min(p, 1 - p)
 * (both: a wider spread) and 1 minus that (too quiet: a flat line). While p is uniform given the past,
 *   capital_n = (capital_(n-1) + grant_n) e_n(p_n)   has   E capital_n = capital_(n-1) + grant_n
 * (Shiryaev and Roberts' statistic, in units of what is granted). Whoever tells an alarm only where capital is at least 1 and takes
 * all of it then, tells until any stopping time T at most E[sum of grants until T] in expectation (Shin, Ramdas and Rinaldo,
 * E-detectors: a nonparametric framework for sequential change detection).
 */
export function wager({ capital, recent, rows }: Wager, p: number, grant: number): number {
  recent[rows[0]++ % runRows] = p;
  const each = grant / bets;
  let sum = 0;
  for (let side = 0; side < sides; side++) {
    const x = sideOf(side, p);
    const root = Math.sqrt(x);
    const at = side * betsEach;
    capital[at] = (0.5 * (capital[at] + each)) / root;
    capital[at + 1] = (0.25 * (capital[at + 1] + each)) / (root * Math.sqrt(root));
    sum += capital[at] + capital[at + 1];
  }
  return sum;
}

function sideOf(side: number, p: number): number {
  const folded = 2 * Math.min(p, 1 - p);
  return Math.max(leastSide, side === 0 ? p : side === 1 ? 1 - p : side === 2 ? folded : 1 - folded);
}

/** Rows back to the first of those that made the richest bettor rich, and to the one that did most. */
export function richSince({ capital, recent, rows }: Wager): { since: number; strongest: number } {
  const at = capital.indexOf(Math.max(...capital));
  const side = Math.floor(at / betsEach);
  const power = at % betsEach === 0 ? 0.5 : 0.75;
  const gain = (back: number): number =>
    kernels.log(1 - power) - power * kernels.log(sideOf(side, recent[(rows[0] - 1 - back) % runRows]));
  const since = Math.max(0, longestSum(Math.min(runRows, rows[0]), gain));
  let strongest = 0;
  for (let back = 1; back <= since; back++) if (gain(back) > gain(strongest)) strongest = back;
  return { since, strongest };
}

/** An alarm costs all there is. */
export function settle({ capital }: Wager): void {
  capital.fill(0);
}

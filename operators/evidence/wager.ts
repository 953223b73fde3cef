import { f64, type Row } from '../../state/layout.js';

/** Bets on one p-value: on each of four sides, two of them. */
const sides = 4;
const betsEach = 2;
export const bets = sides * betsEach;
/** No factor is greater than this makes it: p-values that were rounded to an end would be worth anything. */
const leastSide = 1e-15;

/** What each bettor has, in alarms: what they have together pays for one when it comes to 1. */
export const wagerLayout = { capital: f64(bets) };
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
export function wager({ capital }: Wager, p: number, grant: number): number {
  const folded = 2 * Math.min(p, 1 - p);
  const each = grant / bets;
  let sum = 0;
  for (let side = 0; side < sides; side++) {
    const x = Math.max(leastSide, side === 0 ? p : side === 1 ? 1 - p : side === 2 ? folded : 1 - folded);
    const root = Math.sqrt(x);
    const at = side * betsEach;
    capital[at] = (0.5 * (capital[at] + each)) / root;
    capital[at + 1] = (0.25 * (capital[at + 1] + each)) / (root * Math.sqrt(root));
    sum += capital[at] + capital[at + 1];
  }
  return sum;
}

/** An alarm costs all there is. */
export function settle({ capital }: Wager): void {
  capital.fill(0);
}

import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';

/** Which alarms pass: what the budget is overdrawn by, and the last alarm with the rows since. */
export const gateLayout = { overdrawn: f64(), strength: f64(), quiet: u32() };
export type Gate = Row<typeof gateLayout>;

/** What a budget is overdrawn by, of one key or of all. */
export type Account = Pick<Gate, 'overdrawn'>;

/** How far the bar may sink. */
const creditMax = 0.6;

/** Lets a row pass that may alarm with probability `rate`; `debt` is how far an alarm raises the bar until such rows have come. */
export const payRow = (own: Account, rate: number, debt: number): number => pay(own, debt * rate);

/** Pays off so many nats, and gives back what is beyond the credit. */
export function pay({ overdrawn }: Account, nats: number): number {
  const after = overdrawn[0] - nats;
  overdrawn[0] = Math.max(-creditMax, after);
  return overdrawn[0] - after;
}

/** Charges an alarm: more than the budget allows raise the bar, on and on or up to `most`. */
export function charge({ overdrawn }: Account, debt: number, most = Number.POSITIVE_INFINITY): void {
  overdrawn[0] = Math.min(most, overdrawn[0] + debt);
}

/** A share of rows at what it costs: the more the budget is overdrawn, the rarer an alarm must be. */
export const priceOf = ({ overdrawn }: Account, share: number): number =>
  Math.min(1, share * kernels.exp(overdrawn[0]));

/** Rows after an alarm in which no other comes at all, and in which one must outdo it. */
const silentRows = 20;
const shadowRows = 200;

/** Whether a row that is rare enough is told: an alarm hides the weaker ones that follow it, as they tell of the same. */
export function told(own: Gate, newness: number, enough: boolean): boolean {
  own.quiet[0]++;
  const waits = own.strength[0] > 0 && own.quiet[0] <= silentRows;
  const shade = own.strength[0] * Math.max(0, 1 - own.quiet[0] / shadowRows);
  if (!enough || waits || newness <= shade) return false;
  own.strength[0] = newness;
  own.quiet[0] = 0;
  return true;
}

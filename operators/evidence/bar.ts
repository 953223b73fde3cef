import { f64, type Row } from '../../state/layout.js';
import { type AlarmBudget, rateOf } from '../budget.js';
import { discover, discoveriesLayout, levelOf } from './discoveries.js';
import { charge, type Gate, gateLayout, payRow, priceOf, told } from './gate.js';

/** What the keys of a shard share: the account of a budget over all of them, its clock, and the discoveries so far. */
export const barSharedLayout = {
  overdrawn: f64(),
  lastMs: f64(),
  /** Running time between rows of any key. */
  stepMs: f64(),
  discoveries: discoveriesLayout,
};
export type SharedBar = Row<typeof barSharedLayout>;

export const barLayout = gateLayout;

/** Weight of a new gap in the time between rows of any key, and what a gap counts at most, in those. */
const clockRate = 1 / 1000;
const gapMax = 1000;
/** Levels of false discovery control are far below this: most rows need none to be worked out. */
const leastRare = 0.05;

/** Lets alarms pass as a budget has it; of what keys share it reads and writes only what the budget makes them share. */
export class BarOf {
  /** What the last row that was looked at cost: it alarms at most at the level of the budget. */
  price = 1;

  /** `each`: every row that is rare enough alarms; else an alarm hides the weaker ones that follow it. */
  /** How far an alarm raises the bar until the rows that it was allowed for have come; rows of one event share it. */
  readonly #debt: number;

  constructor(
    readonly budget: AlarmBudget,
    readonly each = false,
  ) {
    this.#debt = each ? 0.4 : 0.8;
  }

  /** Time passes for all keys. */
  tick(shared: SharedBar, timeMs: number): void {
    const { budget } = this;
    if ('falseDiscoveries' in budget) {
      shared.discoveries.tests[0]++;
      return;
    }
    if (budget.per === 'key') return;
    if (shared.lastMs[0] === 0) shared.lastMs[0] = timeMs;
    shared.discoveries.tests[0]++;
    // Rows of several keys at one moment count as one step together, so the mean is over rows.
    const gapMs = Math.max(0, timeMs - shared.lastMs[0]);
    const rate = Math.max(clockRate, 1 / shared.discoveries.tests[0]);
    const most = shared.stepMs[0] > 0 ? gapMax * shared.stepMs[0] : gapMs;
    shared.stepMs[0] += rate * (Math.min(gapMs, most) - shared.stepMs[0]);
    shared.lastMs[0] = Math.max(shared.lastMs[0], timeMs);
  }

  /** Whether a row is an alarm: rare enough for the budget, and not hidden by the alarm before it. */
  passes(shared: SharedBar, own: Gate, stepMs: number, rarity: number, newness: number): boolean {
    const { budget } = this;
    if ('falseDiscoveries' in budget) {
      this.price = rarity;
      const enough = rarity < leastRare && rarity <= levelOf(shared.discoveries, budget.falseDiscoveries);
      const alarm = this.each ? enough : told(own, newness, enough);
      if (alarm) discover(shared.discoveries);
      return alarm;
    }
    const accounts = budget.per === 'all' ? [own, shared] : [own];
    const rate = rateOf(budget, budget.per === 'all' ? shared.stepMs[0] : stepMs);
    this.price = rarity;
    for (const account of accounts) {
      payRow(account, rate, this.#debt);
      this.price = priceOf(account, this.price);
    }
    const enough = rate > 0 && this.price <= rate;
    const alarm = this.each ? enough : told(own, newness, enough);
    if (alarm) for (const account of accounts) charge(account, this.#debt);
    return alarm;
  }
}

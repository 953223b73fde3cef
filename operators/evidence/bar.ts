import { f64, type Row } from '../../state/layout.js';
import { type AlarmBudget, rateOf } from '../budget.js';
import { commonClockLayout, commonStepMs, tickCommon } from './common-clock.js';
import { discover, discoveriesLayout, levelOf } from './discoveries.js';
import { charge, gateLayout, pay, payRow, priceOf, told } from './gate.js';

/** What the keys of a shard share: the account of a budget over all of them, its clock, and the discoveries so far. */
export const barSharedLayout = {
  overdrawn: f64(),
  /** What the budget over all keys has left over so far, in nats that were paid and not owed. */
  left: f64(),
  clock: commonClockLayout,
  discoveries: discoveriesLayout,
};
export type SharedBar = Row<typeof barSharedLayout>;

/** Of a key, with what was left over when its last row came. */
export const barLayout = { ...gateLayout, left: f64() };
export type Bar = Row<typeof barLayout>;

/**
 * How far alarms of many keys raise the bar of each at most, in nats: what is twenty times as rare as the budget asks is
 * told whatever came before, or the first keys of an incident would hide the others. By chance as much comes in a
 * twentieth of the budget, so by no more than that is it exceeded while shares are true; and it still pulls back shares that are
 * up to twenty times too small.
 */
export const commonDebtMax = 3;
/**
 * Share of what the others leave of a budget over all keys that a key may use beside its own: one that is broken and
 * alarms on and on takes no more than that of it, and what others owe is paid as well.
 */
const leftShare = 0.2;
/** Levels of false discovery control are far below this: most rows need none to be worked out. */
const leastRare = 0.05;

/** Lets alarms pass as a budget has it; of what keys share it reads and writes only what the budget makes them share. */
export class BarOf {
  /** What the last row that was looked at cost: it alarms at most at the level of the budget. */
  price = 1;
  /** Share of rows at which that row passes, or would pass, were nothing overdrawn. */
  rate = 0;

  /** How far an alarm raises the bar until the rows that it was allowed for have come; rows of one event share it. */
  readonly #debt: number;

  /** `each`: every row that is rare enough alarms; else an alarm hides the weaker ones that follow it. */
  constructor(
    readonly budget: AlarmBudget,
    readonly each = false,
  ) {
    this.#debt = each ? 0.4 : 0.8;
  }

  /** Time passes for all keys. */
  tick(shared: SharedBar, timeMs: number): void {
    const { budget } = this;
    if ('falseDiscoveries' in budget) shared.discoveries.tests[0]++;
    else if (budget.per === 'all') tickCommon(shared.clock, timeMs);
  }

  /** Leaves out a row that cannot alarm: nothing is paid or owed for it. */
  skip(shared: SharedBar, stepMs: number): false {
    this.price = 1;
    this.rate = this.#rateOf(shared, stepMs, 1);
    return false;
  }

  /** Whether a row is an alarm: rare enough for the budget, and not hidden by the alarm before it. */
  passes(shared: SharedBar, own: Bar, stepMs: number, rarity: number, newness: number): boolean {
    const { budget } = this;
    const rate = this.#rateOf(shared, stepMs, rarity);
    this.rate = rate;
    if ('falseDiscoveries' in budget) {
      this.price = rarity;
      const enough = rarity <= rate;
      const alarm = this.each ? enough : told(own, newness, enough);
      if (alarm) discover(shared.discoveries);
      return alarm;
    }
    const common = budget.per === 'all';
    payRow(own, rate, this.#debt);
    if (common) this.#share(shared, own, rate);
    this.price = priceOf(own, rarity);
    if (common) this.price = priceOf(shared, this.price);
    const enough = rate > 0 && this.price <= rate;
    const alarm = this.each ? enough : told(own, newness, enough);
    if (!alarm) return false;
    charge(own, this.#debt);
    if (common) charge(shared, this.#debt, commonDebtMax);
    return true;
  }

  #rateOf(shared: SharedBar, stepMs: number, rarity: number): number {
    const { budget } = this;
    if ('falseDiscoveries' in budget)
      return rarity < leastRare ? levelOf(shared.discoveries, budget.falseDiscoveries) : 0;
    return rateOf(budget, budget.per === 'all' ? commonStepMs(shared.clock) : stepMs);
  }

  /** What nobody needs of a budget over all keys pays what single keys owe, beside the equal share that each has of it. */
  #share(shared: SharedBar, own: Bar, rate: number): void {
    shared.left[0] += payRow(shared, rate, this.#debt);
    if (own.left[0] > 0) pay(own, leftShare * (shared.left[0] - own.left[0]));
    own.left[0] = shared.left[0];
  }
}

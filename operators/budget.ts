import { checkNames, checkNumber, checkWord, shown } from './options.js';

/**
 * How many false alarms are all right, in words a person uses. `per: 'key'`: each key on its own, in a time by its own clock
 * or in so many of its rows. `per: 'all'`: the keys of a shard together. `falseDiscoveries`: of all alarms of a shard at
 * most this share is false, however many keys there are.
 */
export type AlarmBudget =
  | { readonly alarms: number; readonly per: 'key' | 'all'; readonly every: Every }
  | { readonly alarms: number; readonly per: 'key' | 'all'; readonly rows: number }
  | { readonly falseDiscoveries: number };

/** A time such as `7d`, `12h`, `30m`, `90s`, `2w`. */
export type Every = `${number}${keyof typeof unitsMs}`;

const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** One in 2,000 rows: a week of rows that are five minutes apart. */
export const budgetDefault: AlarmBudget = { alarms: 1, per: 'key', rows: 2000 };

/** More than one row in ten is no alarm any more. */
const rateMax = 0.1;

/** A budget that allows so many alarms in so much. */
export type RatedBudget = Exclude<AlarmBudget, { readonly falseDiscoveries: number }>;

/** Times that were read: a budget has one, and asks for it at every row. */
const read = new Map<string, number | undefined>();

/** Milliseconds of a time such as `7d`; undefined where it is none. */
export function everyMs(every: string): number | undefined {
  if (!read.has(every)) read.set(every, readMs(every));
  return read.get(every);
}

function readMs(every: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(every) ?? [];
  const ms = Number(digits) * unitsMs[unit as keyof typeof unitsMs];
  return ms > 0 ? ms : undefined;
}

/** Share of rows that may alarm where rows come every `stepMs`; 0 while a budget by time has no clock yet. */
export function rateOf(budget: RatedBudget, stepMs: number): number {
  if ('rows' in budget) return budget.alarms / budget.rows;
  return Math.min(rateMax, (budget.alarms * stepMs) / (everyMs(budget.every) as number));
}

export function checkBudget(name: string, budget: AlarmBudget): void {
  if (typeof budget !== 'object' || budget === null) {
    throw new RangeError(
      `${name}: expected { alarms: 1, per: "key", every: "7d" } or { falseDiscoveries: 0.1 }, got ${shown(budget)}`,
    );
  }
  if ('falseDiscoveries' in budget) {
    checkNames(name, budget, ['falseDiscoveries']);
    checkNumber(`${name}.falseDiscoveries`, budget.falseDiscoveries, { min: 1e-6, max: 0.5 });
    return;
  }
  checkNumber(`${name}.alarms`, budget.alarms, { above: 0 });
  checkWord(`${name}.per`, budget.per, ['key', 'all']);
  if ('rows' in budget) {
    checkNames(name, budget, ['alarms', 'per', 'rows']);
    checkNumber(`${name}.rows`, budget.rows, { min: budget.alarms / rateMax });
    return;
  }
  checkNames(name, budget, ['alarms', 'per', 'every']);
  if (typeof budget.every !== 'string' || everyMs(budget.every) === undefined) {
    throw new RangeError(`${name}.every: expected a time such as "7d", "12h" or "30m", got ${shown(budget.every)}`);
  }
}

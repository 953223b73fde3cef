import { type AlarmBudget, checkBudget, type Every, everyMs } from '../operators/budget.js';
import { UsageError } from './failure.js';

const forms =
  '1/key/7d (alarms for each key in a time: s m h d w), 50/all/1d (for all keys together), 1/key/2000rows, or ' +
  'fdr:0.1 (share of alarms that are false)';

/** How many false alarms are all right, as `1/key/7d`, `50/all/1d`, `1/key/2000rows` or `fdr:0.1`. */
export function parseAlarmBudget(text: string): AlarmBudget {
  const budget = budgetIn(text.trim());
  if (!budget) throw new UsageError(`--budget: expected ${forms}, got ${JSON.stringify(text)}`);
  try {
    checkBudget('--budget', budget);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}, in ${JSON.stringify(text)}`, { cause: error });
  }
  return budget;
}

function budgetIn(text: string): AlarmBudget | undefined {
  const [, share] = /^fdr:(\d*\.?\d+)$/.exec(text) ?? [];
  if (share !== undefined) return { falseDiscoveries: Number(share) };
  const [, alarms, per, span = ''] = /^(\d*\.?\d+)\/(key|all)\/(.+)$/.exec(text) ?? [];
  if (alarms === undefined) return undefined;
  const common = { alarms: Number(alarms), per: per as 'key' | 'all' };
  const [, rows] = /^(\d+) ?rows?$/.exec(span) ?? [];
  if (rows !== undefined) return { ...common, rows: Number(rows) };
  return everyMs(span) === undefined ? undefined : { ...common, every: span as Every };
}

/** The option as what a run may set otherwise than the pipeline says. */
export const alarmBudgetOf = ({
  budget,
}: {
  readonly budget?: AlarmBudget | undefined;
}): { readonly alarmBudget?: AlarmBudget } => (budget === undefined ? {} : { alarmBudget: budget });

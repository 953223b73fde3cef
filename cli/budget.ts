import type { Budget } from '../pipelines/budget.js';
import { UsageError } from './failure.js';

const units: Readonly<Record<string, number>> = {
  '': 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Bytes, as `3GiB`, `500MB` or a plain number. */
export const parseBytes =
  (option: string) =>
  (text: string): number => {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kKMG]i?B)?$/.exec(text.trim()) ?? [];
    const bytes = Math.floor(Number(digits) * (units[unit] ?? Number.NaN));
    if (digits !== '' && bytes >= 1) return bytes;
    throw new UsageError(`${option}: expected bytes such as 3GiB, 500MB or 65536, got ${JSON.stringify(text)}`);
  };

/** The options of a command as a budget, where there are any. */
export function budgetOf({ stateBytes, keyBytes }: Budget): { readonly budget?: Budget } {
  if (stateBytes === undefined && keyBytes === undefined) return {};
  return {
    budget: {
      ...(stateBytes === undefined ? {} : { stateBytes }),
      ...(keyBytes === undefined ? {} : { keyBytes }),
    },
  };
}

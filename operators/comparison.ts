import { kernels } from '../models/kernels/index.js';
import type { Bundle } from '../state/arrow.js';
import { bands, numbers } from './scores.js';
import { passedSwaps, type Swap } from './swaps.js';

/** How the two of a challenge did, over all keys and channels of a shard; lists of two are champion, challenger. */
export interface Comparison {
  readonly horizons: readonly ComparedHorizon[];
  /** Rows that both answered, and alarms of each on these. */
  readonly rows: number;
  readonly alarms: readonly [number, number];
  /** Rows that each was in charge of, and refused. */
  readonly inCharge: readonly [number, number];
  readonly refused: readonly [number, number];
  /** Named swaps so far, and how many the evidence made. */
  readonly swaps: readonly Swap[];
  readonly automaticSwaps: number;
  /** Keys that each is in charge of. */
  readonly keys: readonly [number, number];
  /**
   * Evidence that the shadow of each key forecasts better than who is in charge, since its last swap: the mean over keys
   * of what a bettor has made of 1. Above 1/alpha it is wrong with probability at most alpha, whenever one looks.
   */
  readonly evidence: number;
}

export interface ComparedHorizon {
  /** Rows ahead. */
  readonly horizon: number;
  /** Values scored. */
  readonly values: number;
  /** Continuous ranked probability score by the quantiles at hand, in the units of the values. */
  readonly crps: readonly [number, number];
  /** Share of values inside the central bands, by promised percent. */
  readonly coverage: readonly [Readonly<Record<string, number>>, Readonly<Record<string, number>>];
}

/** The comparison in a saved state of `challenge`. */
export function comparisonOf(bundle: Bundle): Comparison {
  const { shared, rows } = bundle;
  if (!shared || !rows || !shared.schema.fields.some(({ name }) => name === 'crps')) {
    throw new RangeError('comparisonOf: expected the saved state of a challenge step, found another');
  }
  const two = (name: string): readonly [number, number] => numbers(shared, name) as [number, number];
  const horizons = numbers(shared, 'horizon');
  const levels = numbers(shared, 'level');
  const scored = numbers(shared, 'scored');
  const crps = numbers(shared, 'crps');
  const below = numbers(shared, 'below');
  const share = (role: number, k: number, level: number): number => {
    const l = levels.findIndex((known) => Math.abs(known - level) < 1e-9);
    return l < 0 ? Number.NaN : below[(role * horizons.length + k) * levels.length + l] / scored[k];
  };
  const coverage = (role: number, k: number): Record<string, number> =>
    Object.fromEntries(
      bands.flatMap((band) => {
        const inside = share(role, k, (1 + band) / 2) - share(role, k, (1 - band) / 2);
        return Number.isNaN(inside) ? [] : [[String(Math.round(100 * band)), inside]];
      }),
    );
  const each = (name: string): number[] => Array.from(rows.getChild(name) ?? [], Number);
  // A row that was forgotten is free and has no key.
  const owned = Array.from(rows.getChild('key') ?? [], (key) => key !== null);
  const held = each('role').filter((_, row) => owned[row]);
  const capitals = each('bet.logCapital').filter((_, row) => owned[row]);
  return {
    horizons: horizons.flatMap((horizon, k) =>
      scored[k] === 0
        ? []
        : [
            {
              horizon,
              values: scored[k],
              crps: [crps[k] / scored[k], crps[horizons.length + k] / scored[k]],
              coverage: [coverage(0, k), coverage(1, k)],
            },
          ],
    ),
    rows: numbers(shared, 'answered')[0],
    alarms: two('alarms'),
    inCharge: two('inCharge'),
    refused: two('refused'),
    swaps: passedSwaps(bundle),
    automaticSwaps: numbers(shared, 'swaps')[0],
    keys: [held.filter((role) => role === 0).length, held.filter((role) => role === 1).length],
    evidence: capitals.reduce((sum, log) => sum + kernels.exp(Math.min(700, log)) / capitals.length, 0),
  };
}

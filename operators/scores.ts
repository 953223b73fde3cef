import type { Bundle, Table } from '../state/arrow.js';
import type { Shard } from './stage.js';

/** How well one memory did at one horizon, over all keys and channels of a shard. */
export interface Score {
  readonly memory: string;
  /** Rows ahead. */
  readonly horizon: number;
  /** Values scored. */
  readonly rows: number;
  readonly mae: number;
  readonly rmse: number;
  /** Sum of absolute errors over the sum of absolute values. */
  readonly wape: number;
  /** Continuous ranked probability score by the quantiles at hand; only forecasts with quantiles have one. */
  readonly crps?: number;
  /** Share of values inside the central bands, by promised percent. */
  readonly coverage?: Readonly<Record<string, number>>;
}

/** Shares of the central bands whose coverage is counted. */
export const bands = [0.5, 0.8, 0.9, 0.98] as const;

/** The scores in a saved state of `evaluate`, memory by memory, horizons ascending; without those that scored nothing. */
export function scoresOf({ shared }: Bundle): Score[] {
  if (!shared) throw new RangeError('scoresOf: expected the saved state of an evaluate step, found no table "shared"');
  const horizons = numbers(shared, 'horizon');
  const names = shared.schema.fields.map(({ name }) => /^memory\.(.+)\.absError$/.exec(name)?.[1]);
  const memories = names.filter((name) => name !== undefined);
  return memories.flatMap((memory, m) => {
    const [rows, absError, squaredError, absTruth] = ['rows', 'absError', 'squaredError', 'absTruth'].map((sum) =>
      numbers(shared, `memory.${memory}.${sum}`),
    ) as [number[], number[], number[], number[]];
    return horizons.flatMap((horizon, k) => {
      const n = rows[k] as number;
      if (n === 0) return [];
      const score: Score = {
        memory,
        horizon,
        rows: n,
        mae: (absError[k] as number) / n,
        rmse: Math.sqrt((squaredError[k] as number) / n),
        wape: (absError[k] as number) / (absTruth[k] as number),
      };
      return [m === 0 ? { ...score, ...quantileScores(shared, k) } : score];
    });
  });
}

function quantileScores(shared: Table, k: number): Pick<Score, 'crps' | 'coverage'> {
  const rows = numbers(shared, 'quantileRows')[k] as number;
  if (rows === 0) return {};
  const levels = numbers(shared, 'level');
  const pinball = numbers(shared, 'pinball').slice(k * levels.length);
  const covered = numbers(shared, 'covered').slice(k * bands.length);
  const weights = crpsWeights(levels);
  const crps = levels.reduce((sum, _, l) => sum + (weights[l] * (pinball[l] as number)) / rows, 0);
  const known = numbers(shared, 'band').map((band, b): [string, number] => [
    String(Math.round(100 * band)),
    (covered[b] as number) / rows,
  ]);
  const probe = Float64Array.from(levels);
  const knows = ([band]: [string, number]) => !Number.isNaN(quantileAt(levels, probe, 0, (1 - Number(band) / 100) / 2));
  return { crps, coverage: Object.fromEntries(known.filter(knows)) };
}

/**
 * What the pinball loss of each level counts for in the continuous ranked probability score: twice the integral over all
 * levels, each standing for the levels nearest to it.
 */
export function crpsWeights(levels: readonly number[]): number[] {
  return levels.map((level, l) => {
    const from = l === 0 ? 0 : (level + (levels[l - 1] as number)) / 2;
    const upTo = l === levels.length - 1 ? 1 : (level + (levels[l + 1] as number)) / 2;
    return 2 * (upTo - from);
  });
}

/** The numbers of a column of a table of one row. */
export function numbers(table: Table, name: string): number[] {
  const value: unknown = table.getChild(name)?.get(0);
  if (typeof value === 'number') return [value];
  if (value === null || value === undefined) {
    throw new RangeError(`scoresOf: expected the saved state of an evaluate step, found no column ${name}`);
  }
  return Array.from(value as Iterable<number>);
}

/** The quantile of a level that was forecast; NaN for any other. */
export function quantileAt(levels: readonly number[], quantiles: Float64Array, from: number, level: number): number {
  const exact = indexOf(levels, level);
  return exact >= 0 ? quantiles[from + exact] : Number.NaN;
}

const indexOf = (levels: readonly number[], level: number): number =>
  levels.findIndex((known) => Math.abs(known - level) < 1e-9);

const horizonsMost = 6;

/** The horizons that a step scores: those it was told, which must be forecast, or at most six spread over all. */
export function scoredHorizons(
  operator: string,
  horizons: readonly number[] | undefined,
  { horizons: known }: Shard,
): readonly number[] {
  if (!known) throw new RangeError(`${operator}: expected a step that forecasts before it, found none: add remember`);
  const strange = horizons?.find((horizon) => !known.includes(horizon));
  if (strange !== undefined) {
    throw new RangeError(`${operator}.horizons: expected some of the forecast ${known.join(', ')}, got ${strange}`);
  }
  if (horizons) return [...new Set(horizons)].sort((a, b) => a - b);
  if (known.length <= horizonsMost) return known;
  const step = (known.length - 1) / (horizonsMost - 1);
  return Array.from({ length: horizonsMost }, (_, i) => known[Math.round(i * step)] as number);
}

import { type Score, scoresOf } from '../operators/evaluate.js';
import type { Bundle } from '../state/arrow.js';

/** Error of one forecaster at one horizon, as the tables at the end show it. */
export interface ErrorLine {
  readonly horizon: number;
  readonly forecaster: string;
  readonly mae: number | null;
  readonly wape: number | null;
  readonly crps: number | null;
  /** Share of values inside the 50, 80 and 98 % bands; null for forecasters without bands. */
  readonly coverage: readonly (number | null)[] | null;
}

/** What the forecasts are compared with, and the parts of mixtures that are just that; of several the best counts. */
const floors: Readonly<Record<string, readonly string[]>> = {
  persistence: ['last'],
  'seasonal naive': ['naive-short', 'naive-long'],
  'online least squares': ['lags'],
};

/** The errors that the evaluate step kept: per horizon the forecasts first, then the simple ones they must beat. */
export function errorLines(shards: readonly (readonly Score[])[]): ErrorLine[] {
  const scores = together(shards);
  return [...new Set(scores.map(({ horizon }) => horizon))].flatMap((horizon) => {
    const [ours, ...parts] = scores.filter((score) => score.horizon === horizon);
    const beside = Object.entries(floors).flatMap(([name, members]) => {
      const [best] = parts.filter(({ memory }) => members.includes(memory)).sort((a, b) => a.mae - b.mae);
      return best ? [lineOf(best, name)] : [];
    });
    return [lineOf(ours, ours.memory), ...beside];
  });
}

/** What the evaluate step of a shard has kept; nothing where there is no such step. */
export const scoresIn = ({ evaluate }: Readonly<Record<string, Bundle>>): Score[] =>
  evaluate ? scoresOf(evaluate) : [];

/** The scores of several shards as those of all their rows; bands and ranked scores are weighed by rows as well. */
function together(shards: readonly (readonly Score[])[]): Score[] {
  const groups = new Map<string, Score[]>();
  for (const score of shards.flat()) {
    const name = `${score.memory} ${score.horizon}`;
    groups.set(name, [...(groups.get(name) ?? []), score]);
  }
  return [...groups.values()].map((parts) => {
    if (parts.length === 1) return parts[0];
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    const mean = (of: (part: Score) => number): number =>
      parts.reduce((sum, part) => sum + of(part) * part.rows, 0) / rows;
    const [{ crps, coverage }] = parts;
    return {
      ...parts[0],
      rows,
      mae: mean(({ mae }) => mae),
      rmse: Math.sqrt(mean(({ rmse }) => rmse * rmse)),
      // Sums of what was true, which each part's ratio tells.
      wape: mean(({ mae }) => mae) / mean(({ mae, wape }) => (wape > 0 ? mae / wape : 0)),
      ...(crps === undefined ? {} : { crps: mean((part) => part.crps ?? part.mae) }),
      ...(coverage === undefined
        ? {}
        : {
            coverage: Object.fromEntries(
              Object.keys(coverage).map((band) => [band, mean((part) => part.coverage?.[band] ?? Number.NaN)]),
            ),
          }),
    };
  });
}

function lineOf({ horizon, mae, wape, crps, coverage }: Score, forecaster: string): ErrorLine {
  return {
    horizon,
    forecaster,
    mae: known(mae),
    wape: known(wape),
    // The ranked score of a forecast that is one value is its absolute error.
    crps: known(crps ?? mae),
    coverage: coverage ? ['50', '80', '98'].map((band) => known(coverage[band])) : null,
  };
}

const known = (value: number | undefined): number | null => (Number.isFinite(value) ? (value as number) : null);

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
export function errorLines(state: Readonly<Record<string, Bundle>>): ErrorLine[] {
  const bundle = state.evaluate;
  if (!bundle) return [];
  const scores = scoresOf(bundle);
  return [...new Set(scores.map(({ horizon }) => horizon))].flatMap((horizon) => {
    const [ours, ...parts] = scores.filter((score) => score.horizon === horizon);
    const beside = Object.entries(floors).flatMap(([name, members]) => {
      const [best] = parts.filter(({ memory }) => members.includes(memory)).sort((a, b) => a.mae - b.mae);
      return best ? [lineOf(best, name)] : [];
    });
    return [lineOf(ours, ours.memory), ...beside];
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

import type { Event } from '../event.js';
import { predictionOf } from '../models/model.js';
import { ringRows, samePhase, valueAt } from '../models/series.js';
import { type Part, univariate } from '../models/univariate.js';
import { interval } from '../operators/interval.js';
import { type Normalized, normalize } from '../operators/normalize.js';
import type { Remembered } from '../operators/remember.js';
import { extended, keyed, type Stage } from '../operators/stage.js';
import { pipeline } from '../pipelines/pipeline.js';
import { type Metrics, type Prepared, type Reference, runBenchmark } from './benchmark.js';
import { levelsDefault, type MakeForecaster, runStages } from './forecaster.js';

const noPeriods: readonly number[] = [];

/** Every horizon gets the value at its last known same phase of a period that is given; the last value before there is one. */
function lastCycle(horizons: readonly number[], periodRows: number): Part<Record<never, never>> {
  return {
    layout: {},
    outputs: 1,
    seasonal: false,
    start() {},
    step(_, series, t, out, at) {
      horizons.forEach((h, i) => {
        const row = samePhase(t + h, periodRows, t);
        out[at + i] = valueAt(series, row < 0 ? t : row);
      });
    },
  };
}

/** In the place of `remember`: forecasts by a period that is given. */
function repeat<A extends Event & Normalized>(
  horizons: readonly number[],
  periodRows: number,
): Stage<A, A & Remembered> {
  const modelOf = (channels: number) => {
    const options = { channels, horizons };
    return univariate('fixed-season', 1, options, ringRows(periodRows, options), lastCycle(horizons, periodRows));
  };
  const stage = keyed('repeat', { horizons, periodRows }, ({ channels }) => {
    const model = modelOf(channels.length);
    return {
      id: 'repeat',
      version: '1',
      shared: model.shared,
      layout: model.keyed,
      initKey: (shared, own) => model.initKey(shared, own),
      step(shared, own, row: A, out) {
        const prediction = predictionOf(model);
        model.step(
          shared,
          own,
          { values: row.values as number[], timeMs: row.timeMs, scale: row.scale, periods: noPeriods },
          prediction,
        );
        out.emit(extended(row, { horizons, prediction, members: [] }));
      },
    };
  });
  return { ...stage, tells: { horizons, members: [] } } as unknown as Stage<A, A & Remembered>;
}

/**
 * The plain seasonal naive of the forecasting tables, with the period that the protocol knows beforehand and the bands of
 * `interval` round it: the floor that CRPS is held against, beside the memory `seasonal-naive`, which has to find its
 * periods and may choose among them and the last value.
 */
export function fixedSeason(periodRows: number): MakeForecaster {
  return ({ channels, horizons, levels = levelsDefault }) => {
    const all = [...new Set([1, ...horizons])].sort((a, b) => a - b);
    const { stages } = pipeline('floor')
      .through(normalize())
      .through(repeat(all, periodRows))
      .through(interval({ levels }));
    return runStages(stages, channels, horizons);
  };
}

/** That floor on the streams of a benchmark, scored as anything else is; without a tolerance nothing is expected. */
export function fixedSeasonReference(
  { streams, scorer }: Pick<Prepared, 'streams' | 'scorer'>,
  name: string,
  periodRows: number,
  expected: Metrics = {},
  tolerance = 0,
): Reference {
  const metrics = runBenchmark({ streams, scorer, references: () => [] }, fixedSeason(periodRows));
  return { name, metrics, expected, tolerance };
}

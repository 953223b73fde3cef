import type { Batch, Event } from '../event.js';
import type { MemoryName } from '../models/catalog.js';
import type { HeadName } from '../models/heads.js';
import type { AnyStage } from '../operators/chain.js';
import { type Detected, detect, type EvidenceName } from '../operators/detect.js';
import { type Forecasted, interval } from '../operators/interval.js';
import { normalize } from '../operators/normalize.js';
import { remember } from '../operators/remember.js';
import { seasons } from '../operators/seasons.js';
import { Lane } from '../pipelines/lane.js';
import { pipeline } from '../pipelines/pipeline.js';
import { cdfThrough } from './distribution.js';
import { type Evidence, judged } from './judged.js';
import type { StreamRow } from './stream.js';

/** What the pipeline under test says when it has seen one row. */
export interface Step {
  /** Point forecasts in the units of the values, index `channel * horizons + horizon`. */
  readonly mean: Float64Array;
  /** Probability levels of `quantiles`, ascending; empty without a distribution. */
  readonly levels: readonly number[];
  /** Index `(channel * horizons + horizon) * levels + level`. */
  readonly quantiles?: Float64Array | undefined;
  /** Probability that a channel will be at or below `x`; `horizon` is counted among the horizons. */
  readonly cdf?: ((channel: number, horizon: number, x: number) => number) | undefined;
  /** Negative log density of the row under what was forecast for it one row before, in nats. */
  readonly surprise?: number | undefined;
  /** How strange the row was, 0 to 1, higher is stranger. */
  readonly score: number;
  /** The score as it is: the share of rows at least this strange. */
  readonly share: number;
  readonly alarm: boolean;
  /** How notable it is what begins here, 0 to 1, whatever the budget of alarms; 0 where nothing does. */
  readonly onset: number;
  /** The key is in a state unlike those that were normal. */
  readonly abnormal: boolean;
  /** What the alarm went by, where that was asked for; none while warming up. */
  readonly evidence?: Evidence | undefined;
}

/** A pipeline at work on one stream. */
export interface Forecaster {
  /** Rows in order; one answer for each. */
  push(rows: readonly StreamRow[]): readonly Step[];
  close(): void;
}

export interface ForecasterOptions {
  readonly channels: readonly string[];
  /** Rows ahead to forecast, ascending. */
  readonly horizons: readonly number[];
  /** Levels of the quantiles, ascending; they are only how closely the distribution is told. */
  readonly levels?: readonly number[] | undefined;
}

/** Makes a fresh forecaster for a stream. */
export type MakeForecaster = (options: ForecasterOptions) => Forecaster;

/** The levels users get, and 5 and 95 %, so that the coverage of 90 % can be told. */
export const levelsDefault = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/** The smallest probability that `detect` tells, as a power of ten. */
const strangest = 15;

export interface UnderTest {
  readonly memory: MemoryName;
  /** What random weights begin from. */
  readonly seed?: number | undefined;
  /** What makes its distributions, where that is not `interval` itself. */
  readonly head?: HeadName | undefined;
  /** Whether rows are judged too; where only forecasts are scored that would be time spent for nothing. */
  readonly alarms?: boolean;
  /** What `detect` goes by; all evidence unless told. */
  readonly by?: EvidenceName;
  /** Whether what alarms go by is told too, for other budgets: of all evidence. */
  readonly evidence?: boolean;
}

/** The pipeline that every benchmark puts to the test, with one memory: the same configuration for all data. */
export function forecasterOf({
  memory,
  seed,
  head,
  alarms = true,
  by = 'all',
  evidence = false,
}: UnderTest): MakeForecaster {
  const begin = { ...(seed === undefined ? {} : { seed }), ...(head === undefined ? {} : { head }) };
  return ({ channels, horizons, levels = levelsDefault }) => {
    const forecasting = pipeline('evaluation')
      .through(normalize())
      .through(seasons())
      .through(remember({ memory, horizons, ...begin }))
      .through(interval({ levels }));
    const judging = evidence && by === 'all' ? forecasting.through(judged()) : forecasting;
    const { stages } = alarms ? judging.through(detect({ evidence: by })) : judging;
    return runStages(stages, channels, horizons);
  };
}

/** Stages of a pipeline at work on one stream. */
export function runStages(
  stages: readonly AnyStage[],
  channels: readonly string[],
  horizons: readonly number[],
): Forecaster {
  const lane = new Lane<Forecasted & Partial<Detected> & { readonly evidence?: Evidence }>(stages, {
    name: 'evaluation',
    channels,
  });
  let next = 0;
  return {
    push(rows) {
      const events = rows.map(({ key, timeMs, values }): Event => ({ key, timeMs, values, offset: next++ }));
      const batch: Batch<Event> = { shard: 'evaluation', rows: events, rejects: [], next };
      const made = lane.push(batch);
      const [reject] = made.rejects;
      if (reject) throw new Error(`row ${reject.offset} was refused by ${reject.stage}: ${reject.message}`);
      return made.rows.map((row) => stepOf(row, channels.length, horizons));
    },
    close: () => lane.close(),
  };
}

function stepOf(
  {
    forecast,
    surprise,
    score = 1,
    alarm = false,
    abnormal = false,
    onset = 0,
    evidence,
  }: Forecasted & Partial<Detected> & { readonly evidence?: Evidence },
  channels: number,
  horizons: readonly number[],
): Step {
  const { levels } = forecast;
  const told = Math.min(1, -Math.log10(score) / strangest);
  const quantiles = pick(forecast.quantiles, levels.length, forecast.horizons, channels, horizons);
  return {
    mean: pick(forecast.mean, 1, forecast.horizons, channels, horizons),
    levels,
    quantiles,
    cdf(channel, horizon, x) {
      const at = (channel * horizons.length + horizon) * levels.length;
      return cdfThrough(levels, quantiles.subarray(at, at + levels.length))(x);
    },
    surprise,
    score: told,
    share: score,
    alarm,
    onset: onset / (1 + onset),
    abnormal,
    ...(evidence ? { evidence } : {}),
  };
}

/** The horizons that were asked for, out of those that are forecast: the next row is always among these. */
function pick(
  from: Float64Array,
  size: number,
  forecast: readonly number[],
  channels: number,
  horizons: readonly number[],
): Float64Array {
  if (forecast.length === horizons.length) return from;
  const picked = new Float64Array(channels * horizons.length * size);
  for (let c = 0; c < channels; c++) {
    horizons.forEach((horizon, h) => {
      const at = (c * forecast.length + forecast.indexOf(horizon)) * size;
      picked.set(from.subarray(at, at + size), (c * horizons.length + h) * size);
    });
  }
  return picked;
}

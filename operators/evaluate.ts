import type { Event, Forecast } from '../event.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Layout, type Row, rowBytes, u32 } from '../state/layout.js';
import { checkNames, checkNumber, shown } from './options.js';
import type { Remembered } from './remember.js';
import { bands, quantileAt, scoredHorizons } from './scores.js';
import { keyed, type Stage } from './stage.js';

export { type Score, scoresOf } from './scores.js';

export interface EvaluateOptions {
  /** Which of the forecast horizons are scored; default all, or six spread over them if there are more. */
  readonly horizons?: readonly number[];
  /** Probability levels of the forecasts that come in; default 1, 10, 25, 50, 75, 90, 99 %. */
  readonly levels?: readonly number[];
  /** The name under which the forecasts themselves are scored, beside the parts of the mixture; default `default`. */
  readonly memory?: string;
  readonly keys?: KeyLimit;
}

/** An event with the forecasts made at it, and what `align` says of it. */
export interface Scorable extends Event, Pick<Remembered, 'prediction'> {
  readonly forecast: Forecast;
  readonly filled?: boolean;
  readonly gap?: boolean;
}

const levelsDefault = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] as const;
/** Pending forecasts of one key may take so much room. */
const pendingBytesMax = 1 << 20;

/** What a memory's errors add up to, an entry for each horizon. */
const errorsOf = (horizons: number) => ({
  rows: f64(horizons),
  absError: f64(horizons),
  squaredError: f64(horizons),
  absTruth: f64(horizons),
});
type Errors = Row<ReturnType<typeof errorsOf>>;

function layoutsOf(channels: number, horizons: readonly number[], levels: number, memories: readonly string[]) {
  const slots = horizons.reduce((sum, horizon) => sum + horizon, 0);
  return {
    shared: {
      horizon: u32(horizons.length),
      level: f64(levels),
      band: f64(bands.length),
      memory: Object.fromEntries(memories.map((name) => [name, errorsOf(horizons.length)])),
      /** Index `horizon * levels + level` and `horizon * bands + band`. */
      pinball: f64(horizons.length * levels),
      covered: f64(horizons.length * bands.length),
      quantileRows: f64(horizons.length),
    },
    keyed: {
      row: f64(),
      /** Forecasts whose time has not come: a ring of `h` slots for each horizon h, the rings one after another. */
      point: f64(slots * channels * memories.length),
      quantile: f64(slots * channels * levels),
    },
  };
}
type Layouts = ReturnType<typeof layoutsOf>;
type Shared = Row<Layouts['shared']>;
type Own = Row<Layouts['keyed']>;

/** What is scored, and how it lies in the rows of state. */
interface Plan {
  readonly channels: number;
  readonly horizons: readonly number[];
  /** Index of each scored horizon in the forecast, and how many the forecast has. */
  readonly at: readonly number[];
  readonly forecastHorizons: number;
  readonly levels: readonly number[];
  readonly memories: readonly string[];
}

/**
 * Scores each forecast when its time arrives: what was forecast for `h` rows ahead is held until the key's h-th next
 * row is here. Rows pass unchanged, totals lie in the state of the shard (`scoresOf`). Channels are pooled, in their own
 * units. Missing values are not scored, nor forecasts made at or for rows that `align` put in, nor any across a gap.
 */
export function evaluate<A extends Scorable>(options: EvaluateOptions = {}): Stage<A, A> {
  const { levels = levelsDefault, memory = 'default', keys } = options;
  checkNames('evaluate', options, ['horizons', 'levels', 'memory', 'keys']);
  for (const horizon of options.horizons ?? []) checkNumber('evaluate.horizons', horizon, { min: 1, whole: true });
  const settings = { horizons: options.horizons, levels, memory, keys };
  return keyed<Layouts['shared'], Layouts['keyed'], A, A>('evaluate', settings, (shard) => {
    const horizons = scoredHorizons('evaluate', options.horizons, shard);
    const memories = [memory, ...(shard.members ?? [])];
    if (new Set(memories).size < memories.length) {
      throw new RangeError(`evaluate.memory: expected none of the members ${shard.members?.join(', ')}, got ${memory}`);
    }
    const plan: Plan = {
      channels: shard.channels.length,
      horizons,
      at: horizons.map((horizon) => shard.horizons?.indexOf(horizon) as number),
      forecastHorizons: shard.horizons?.length ?? 0,
      levels,
      memories,
    };
    const { shared, keyed: layout } = layoutsOf(plan.channels, horizons, levels.length, memories);
    const pendingBytes = rowBytes(layout as Layout);
    if (pendingBytes > pendingBytesMax) {
      throw new RangeError(
        `evaluate.horizons: expected pending forecasts of at most ${pendingBytesMax} bytes per key, ` +
          `got ${pendingBytes} for horizons ${horizons.join(', ')}: name fewer or shorter horizons`,
      );
    }
    return {
      id: 'evaluate',
      version: '1',
      keys,
      shared,
      layout,
      init(totals) {
        totals.horizon.set(horizons);
        totals.level.set(levels);
        totals.band.set(bands);
      },
      initKey: (_, own) => forget(own),
      step(totals, own, row, out) {
        if (row.forecast.levels.length !== levels.length || row.forecast.levels.some((p, i) => p !== levels[i])) {
          throw new RangeError(
            `evaluate.levels: expected ${shown(row.forecast.levels)} as forecast, got ${shown(levels)}`,
          );
        }
        if (row.gap) forget(own);
        exchange(plan, totals, own, row);
        own.row[0]++;
        out.emit(row);
      },
    };
  });
}

function forget(own: Own): void {
  own.row[0] = 0;
  own.point.fill(Number.NaN);
  own.quantile.fill(Number.NaN);
}

/** For each horizon: the slot of this row holds what was forecast for it; it is scored, and makes room for a new one. */
function exchange(plan: Plan, totals: Shared, own: Own, row: Scorable): void {
  const { channels, horizons, memories } = plan;
  let ring = 0;
  for (let k = 0; k < horizons.length; k++) {
    const slot = ring + (own.row[0] % horizons[k]);
    for (let c = 0; c < channels; c++) {
      const truth = row.values[c] as number;
      if (Number.isFinite(truth) && !row.filled) {
        for (let m = 0; m < memories.length; m++) {
          const errors = totals.memory[memories[m]] as unknown as Errors;
          scorePoint(errors, k, own.point[(slot * memories.length + m) * channels + c], truth);
        }
        scoreQuantiles(plan, totals, own, k, (slot * channels + c) * plan.levels.length, truth);
      }
      hold(plan, own, row, k, slot, c);
    }
    ring += horizons[k];
  }
}

function scorePoint(errors: Errors, k: number, forecast: number, truth: number): void {
  if (Number.isNaN(forecast)) return;
  const error = Math.abs(forecast - truth);
  errors.rows[k]++;
  errors.absError[k] += error;
  errors.squaredError[k] += error * error;
  errors.absTruth[k] += Math.abs(truth);
}

function scoreQuantiles({ levels }: Plan, totals: Shared, own: Own, k: number, from: number, truth: number): void {
  for (let l = 0; l < levels.length; l++) if (Number.isNaN(own.quantile[from + l])) return;
  totals.quantileRows[k]++;
  for (let l = 0; l < levels.length; l++) {
    const above = truth - own.quantile[from + l];
    totals.pinball[k * levels.length + l] += above >= 0 ? levels[l] * above : (levels[l] - 1) * above;
  }
  for (let b = 0; b < bands.length; b++) {
    const side = (1 - bands[b]) / 2;
    const low = quantileAt(levels, own.quantile, from, side);
    const high = quantileAt(levels, own.quantile, from, 1 - side);
    if (truth >= low && truth <= high) totals.covered[k * bands.length + b]++;
  }
}

/** Keeps the forecasts made at this row until their time comes; those of a row put in by `align` were never given. */
function hold(plan: Plan, own: Own, row: Scorable, k: number, slot: number, c: number): void {
  const { channels, forecastHorizons, memories, levels, at } = plan;
  const q = c * forecastHorizons + at[k];
  const { forecast, prediction, filled } = row;
  for (let m = 0; m < memories.length; m++) {
    const point =
      m === 0 ? forecast.mean[q] : (prediction.members?.[(m - 1) * channels * forecastHorizons + q] ?? Number.NaN);
    own.point[(slot * memories.length + m) * channels + c] = filled ? Number.NaN : point;
  }
  for (let l = 0; l < levels.length; l++) {
    const quantile = filled ? Number.NaN : forecast.quantiles[q * levels.length + l];
    own.quantile[(slot * channels + c) * levels.length + l] = quantile;
  }
}

import type { Event, Forecast } from '../event.js';
import { f64, type Row, u8, u32 } from '../state/layout.js';
import { type Bet, betLayout, placeBet } from './bet.js';
import { crpsWeights } from './scores.js';
import { swapsMax } from './swaps.js';

/** What a configuration says of a row, as far as two of them are compared. */
export interface Contestant extends Event {
  readonly forecast: Forecast;
  readonly alarm: boolean;
  /** Put in by `align`: nothing was reported, so nothing is scored. */
  readonly filled?: boolean;
  /** The rows before are not those just before in time. */
  readonly gap?: boolean;
}

/** What is compared. */
export interface ContestPlan {
  readonly channels: number;
  /** Rows ahead that are scored, ascending, 1 first; where each stands in the forecast, and how many that has. */
  readonly horizons: readonly number[];
  readonly at: readonly number[];
  readonly forecastHorizons: number;
  readonly levels: readonly number[];
}

/** Totals of a shard, and for each key the forecasts of both whose time has not come. */
export function contestLayouts({ channels, horizons, levels }: ContestPlan) {
  const slots = horizons.reduce((sum, horizon) => sum + horizon, 0);
  return {
    shared: {
      horizon: u32(horizons.length),
      level: f64(levels.length),
      /** Values scored per horizon; both are scored on the same. */
      scored: f64(horizons.length),
      /** Index `role * horizons + horizon`, and that times levels + level: values below the quantile, or at an upper one. */
      crps: f64(2 * horizons.length),
      below: f64(2 * horizons.length * levels.length),
      /** Per role: alarms on rows that both answered, rows it was in charge of, rows it refused. */
      alarms: f64(2),
      inCharge: f64(2),
      refused: f64(2),
      answered: f64(),
      /** Swaps that the evidence made, of all keys. */
      swaps: f64(),
      /** One above the highest offset that was answered, and the named swaps up to there. */
      reached: f64(),
      passed: u32(),
      passedAt: f64(swapsMax),
      passedTo: u8(swapsMax),
    },
    keyed: {
      row: f64(),
      said: f64(slots * 2 * channels * levels.length),
      bet: betLayout,
      /** Who was in charge of the last row; 1 + the offset at which evidence swapped last, and to whom. */
      role: u8(),
      swappedAt: f64(),
      swappedTo: u8(),
    },
  };
}
type Layouts = ReturnType<typeof contestLayouts>;
export type Totals = Row<Layouts['shared']>;
export type Standing = Row<Layouts['keyed']>;

/** Scores what both said of a row some rows before, and keeps what they say of the rows to come. */
export function contestOf(plan: ContestPlan) {
  const { channels, horizons, levels, at, forecastHorizons } = plan;
  const weights = crpsWeights(levels);
  const width = channels * levels.length;

  /** The ranked score of one side's quantiles, counted among the totals. */
  function score(totals: Totals, own: Standing, role: number, k: number, from: number, truth: number): number {
    let sum = 0;
    const below = (role * horizons.length + k) * levels.length;
    for (let l = 0; l < levels.length; l++) {
      const quantile = own.said[from + l];
      const above = truth - quantile;
      sum += weights[l] * (above >= 0 ? levels[l] * above : (levels[l] - 1) * above);
      // So that a band counts both of its ends.
      if (levels[l] < 0.5 ? above < 0 : above <= 0) totals.below[below + l]++;
    }
    totals.crps[role * horizons.length + k] += sum;
    return sum;
  }

  const known = (own: Standing, from: number): boolean => {
    for (let l = 0; l < levels.length; l++) if (Number.isNaN(own.said[from + l])) return false;
    return true;
  };

  return {
    forget(own: Standing): void {
      own.row[0] = 0;
      own.said.fill(Number.NaN);
    },
    /** `inCharge`: whose losses the bet is against. The value of the row has come; then both forecasts are kept. */
    see(totals: Totals, own: Standing, row: Event & { filled?: boolean }, inCharge: number, both: Both): void {
      let ring = 0;
      for (let k = 0; k < horizons.length; k++) {
        const slot = (ring + (own.row[0] % horizons[k])) * 2 * width;
        ring += horizons[k];
        let labels = 0;
        let [first, second] = [0, 0];
        for (let c = 0; c < channels; c++) {
          const truth = row.values[c];
          const from = slot + c * levels.length;
          if (row.filled || !Number.isFinite(truth) || !known(own, from) || !known(own, from + width)) continue;
          first += score(totals, own, 0, k, from, truth);
          second += score(totals, own, 1, k, from + width, truth);
          totals.scored[k]++;
          labels++;
        }
        if (k === 0 && labels > 0) bet(own.bet, first / labels, second / labels, inCharge);
        hold(own, slot, k, row.filled ? undefined : both[0]);
        hold(own, slot + width, k, row.filled ? undefined : both[1]);
      }
      own.row[0]++;
    },
  };

  function hold(own: Standing, to: number, k: number, said: Contestant | undefined): void {
    for (let c = 0; c < channels; c++) {
      const from = (c * forecastHorizons + at[k]) * levels.length;
      for (let l = 0; l < levels.length; l++) {
        own.said[to + c * levels.length + l] = said ? said.forecast.quantiles[from + l] : Number.NaN;
      }
    }
  }
}

/** What each of the two said of a row. */
export type Both = readonly [Contestant | undefined, Contestant | undefined];

const bet = (own: Bet, first: number, second: number, inCharge: number): void =>
  void (inCharge === 0 ? placeBet(own, first, second) : placeBet(own, second, first));

import { kernels } from '../../models/kernels/index.js';
import { Chance } from './clean.js';
import type { LabelledSeries, Window } from './nab.js';
import type { SeriesRow } from './series.js';

/** Rows of a series, and the row about which the anomaly begins. */
const rows = 2400;
const beginsAbout = 2000;
const stepMs = 900_000;
const dayRows = 96;
/** Rows after an anomaly in which its alarm is still right. */
export const graceRows = 20;

export const strengths = ['weak', 'medium', 'strong'] as const;

/** What is wrong from row 0 to `rows` of an anomaly; all sizes are in standard deviations of the noise, which is 1. */
interface Injection {
  readonly rows: readonly [weak: number, medium: number, strong: number];
  /** The value at row `i` of the anomaly instead of season + noise. */
  value?(strength: number, i: number, at: At): number;
  /** Time to the row before, in steps. */
  readonly steps?: readonly [number, number, number];
}

interface At {
  /** Row of the series. */
  readonly row: number;
  readonly noise: number;
  /** The value of the last row before the anomaly. */
  readonly before: number;
  readonly chance: Chance;
}

const season = (row: number): number => 5 * kernels.sin((2 * Math.PI * row) / dayRows);
const pick = (strength: number, weak: number, medium: number, strong: number): number =>
  [weak, medium, strong][strength] as number;
const hour: Injection['rows'] = [60, 60, 60];

/** The twelve kinds, each in three strengths. */
export const injections = {
  spike: { rows: [1, 1, 1], value: (s, _, { row, noise }) => season(row) + noise + pick(s, 5, 10, 20) },
  dip: { rows: [1, 1, 1], value: (s, _, { row, noise }) => season(row) + noise - pick(s, 5, 10, 20) },
  level_shift: { rows: hour, value: (s, _, { row, noise }) => season(row) + noise + pick(s, 3, 5, 10) },
  trend: { rows: hour, value: (s, i, { row, noise }) => season(row) + noise + (pick(s, 4, 8, 16) * (i + 1)) / 60 },
  variance: { rows: hour, value: (s, _, { row, noise }) => season(row) + noise * pick(s, 3, 5, 10) },
  frequency: {
    rows: [96, 96, 96],
    value: (s, i, { row, noise }) => season(row - i + i * pick(s, 1.5, 2, 4)) + noise,
  },
  missing: {
    rows: hour,
    value: (s, _, { row, noise, chance }) =>
      chance.uniform() < pick(s, 0.5, 0.8, 1) ? Number.NaN : season(row) + noise,
  },
  flat_line: { rows: [30, 60, 120], value: (_s, _i, { before }) => before },
  swapped_season: {
    rows: [96, 96, 96],
    value: (s, _, { row, noise }) => season(row + pick(s, 12, 24, 48)) + noise,
  },
  correlation_break: { rows: hour },
  silence: { rows: [1, 1, 1], steps: [20, 60, 200] },
  burst: { rows: hour, steps: [1 / 3, 1 / 10, 1 / 30] },
} satisfies Readonly<Record<string, Injection>>;

export type InjectionKind = keyof typeof injections;
export const injectionKinds = Object.keys(injections) as InjectionKind[];

/** How many rows before an anomaly the same thing is wrong in its strongest form, where a series is to show that the second is still seen. */
export const gaps = [300, 1000] as const;

/**
 * A season with autoregressive noise in which one thing is wrong once; every seed is another key. With a gap it is also
 * wrong so many rows earlier, in the strongest form.
 */
export function injectedSeries(kind: InjectionKind, strength: number, seed: number, gap?: number): LabelledSeries {
  const chance = new Chance(7 + 1000 * seed + 100 * strength + injectionKinds.indexOf(kind));
  const injection: Injection = injections[kind];
  const strongest = strengths.length - 1;
  const begins = beginsAbout + Math.floor(dayRows * chance.uniform());
  const spans = [{ first: begins, strength }];
  if (gap !== undefined) spans.unshift({ first: begins - gap, strength: strongest });
  const pair = kind === 'correlation_break';
  const made: SeriesRow[] = [];
  let noise = 0;
  let timeMs = Date.UTC(2024, 0, 1);
  for (let row = 0; row < rows; row++) {
    const wrong = spans.find(({ first, strength }) => row >= first && row < first + injection.rows[strength]);
    noise = 0.5 * noise + Math.sqrt(0.75) * chance.normal();
    timeMs += Math.round(stepMs * (wrong ? (injection.steps?.[wrong.strength] ?? 1) : 1));
    let value = season(row) + noise;
    if (wrong && injection.value) {
      const at = { row, noise, before: made[wrong.first - 1]?.values[0] ?? 0, chance };
      value = injection.value(wrong.strength, row - wrong.first, at);
    }
    const correlation = wrong ? pick(wrong.strength, 0.5, 0, -0.97) : 0.97;
    made.push({ timeMs, values: pair ? [value, second(value, correlation, row, chance)] : [value] });
  }
  const channels = pair ? ['value', 'twin'] : ['value'];
  const windows = spans.map(({ first, strength }): Window => [first, first + injection.rows[strength] - 1 + graceRows]);
  const name = [kind, ...(gap === undefined ? [] : [`again_${gap}`]), strengths[strength], seed].join('-');
  return { name, channels, rows: made, windows };
}

/** A second channel that follows the first with this correlation of their noises. */
function second(value: number, correlation: number, row: number, chance: Chance): number {
  const noise = value - season(row);
  return season(row) + correlation * noise + Math.sqrt(1 - correlation * correlation) * chance.normal();
}

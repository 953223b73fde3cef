import type { DataFolder } from './data/folder.js';
import type { MakeForecaster, Step } from './forecaster.js';
import { follow, type Stream } from './stream.js';

/** Results by name, in lower case. */
export type Metrics = Readonly<Record<string, number>>;

/** A figure quoted from elsewhere, not computed here. */
export interface Anchor {
  readonly name: string;
  readonly source: 'published' | 'own recipe';
  readonly metrics: Metrics;
}

/** Outputs of a known method, scored here by the same code: if a figure is off, so is every other. */
export interface Reference {
  readonly name: string;
  readonly metrics: Metrics;
  /** What the figures are known to be. */
  readonly expected: Metrics;
  /** How far they may lie from that. */
  readonly tolerance: number;
}

/** The figures of a reference that are not what they must be, as one sentence each. */
export function mismatches({ name, metrics, expected, tolerance }: Reference): string[] {
  return Object.entries(expected)
    .filter(([metric, value]) => !(Math.abs(metrics[metric] - value) <= tolerance))
    .map(
      ([metric, value]) =>
        `${name}: expected ${metric} ${value}, came ${metrics[metric]}: the data or the scorer differ`,
    );
}

/** Where the rows go that were scored, so that anybody can score them again. */
export interface Recorder {
  forecast(series: string, origin: number, horizon: number, channel: string, truth: number, prediction: number): void;
  score(series: string, row: number, timeMs: number, values: readonly number[], step: Step): void;
}

/** Sums up what a forecaster says about the streams of a benchmark. */
export interface Scorer {
  see(stream: Stream, row: number, step: Step): void;
  metrics(): Metrics;
}

/** A benchmark with its data at hand. */
export interface Prepared {
  /** Each is followed by a fresh forecaster. */
  readonly streams: readonly Stream[];
  scorer(recorder?: Recorder): Scorer;
  references(): readonly Reference[];
}

/** A protocol: which data are shown, what is scored, and what others got. */
export interface Benchmark {
  readonly name: string;
  /** One line for the help. */
  readonly about: string;
  /** How results are recorded: forecasts row by row, or a score and an alarm per row. */
  readonly kind: 'forecast' | 'anomaly';
  /** Where its data lie; none where they are made up. */
  readonly folder?: DataFolder;
  /** The floors of forecasting say nothing here: only the memories that were asked for are run. */
  readonly alone?: boolean;
  /** Rows are judged for budgets other than the default too. */
  readonly evidence?: true;
  /** Metrics of the table, in its order. */
  readonly columns: readonly string[];
  readonly anchors: readonly Anchor[];
  /** Reads the data of its folder; an empty path where it has none. */
  prepare(folder: string): Prepared;
}

export interface RunOptions {
  readonly recorder?: Recorder | undefined;
  /** Told now and then how many rows of all streams are done. */
  readonly onRows?: ((done: number, total: number) => void) | undefined;
}

const progressRows = 500;

/** Follows every stream of a benchmark with forecasters of one kind. */
export function runBenchmark(prepared: Prepared, make: MakeForecaster, { recorder, onRows }: RunOptions = {}): Metrics {
  const total = prepared.streams.reduce((sum, { rows }) => sum + rows.length, 0);
  const scorer = prepared.scorer(recorder);
  let done = 0;
  for (const stream of prepared.streams) {
    follow(stream, make, (row, step) => {
      scorer.see(stream, row, step);
      if (++done % progressRows === 0) onRows?.(done, total);
    });
  }
  onRows?.(total, total);
  return scorer.metrics();
}

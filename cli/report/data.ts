import type { Quantity, Severity } from '../../event.js';
import type { ErrorLine } from '../scores.js';

/** Columns of a chart, one number per drawn row; null where nothing is known. */
export interface Columns {
  /** First entry since 1970 in ms, every other since the one before. */
  readonly stepsMs: readonly number[];
  readonly actual: readonly (number | null)[];
  readonly expected: readonly (number | null)[];
  /** 1, 10, 90 and 99 % quantiles of the forecast that was made for this row. */
  readonly low98: readonly (number | null)[];
  readonly low80: readonly (number | null)[];
  readonly high80: readonly (number | null)[];
  readonly high98: readonly (number | null)[];
}

/** One channel of one key. */
export interface ReportSeries {
  readonly key: string;
  readonly channel: string;
  /** Rows it had; more than are drawn when it was long. */
  readonly rows: number;
  /** Rows left until the key is judged; absent when it is. */
  readonly warmup?: number;
  /** Columns up to the last row, then what is forecast to come. */
  readonly past: Columns;
  readonly future: Columns;
}

export interface ReportAnomaly {
  readonly id: string;
  /** Index into `series`; absent if its key is not drawn. */
  readonly series?: number;
  readonly key: string;
  readonly channel: string;
  readonly severity: Severity;
  readonly open: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly peakMs: number;
  readonly alarms: number;
  readonly score: number;
  /** The word that came and the one that was expected, where the channel is of words. */
  readonly words?: readonly [string, string];
  readonly actual: number | null;
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** What was out of range where it is no single row: the table shows it in the place of the row. */
  readonly quantity?: Quantity;
  readonly why: string;
  /** What else is known of it, a line each. */
  readonly card: readonly string[];
}

/** All that the page shows; it is embedded as JSON and rendered as text only. */
export interface ReportData {
  readonly title: string;
  readonly pipeline: string;
  readonly input: string;
  readonly version: string;
  readonly settings: string;
  readonly rows: number;
  readonly rejects: readonly { readonly reason: string; readonly count: number }[];
  readonly stopped: boolean;
  readonly keys: number;
  readonly keysDrawn: number;
  readonly anomalies: readonly ReportAnomaly[];
  /** How many there were, drawn or not. */
  readonly anomaliesInAll: number;
  readonly series: readonly ReportSeries[];
  readonly errors: readonly ErrorLine[];
}

import type { Anomaly, Severity } from '../../event.js';
import type { WorstAnomalies } from '../worst.js';
import { cardLines } from './card.js';
import type { Columns, ReportAnomaly, ReportSeries } from './data.js';
import { type Point, Thin } from './thin.js';

/** The part of a result that a report needs. */
export interface ReportRow {
  readonly key: string;
  readonly timeMs: number;
  /** NaN or null where a channel is missing. */
  readonly values: readonly (number | null)[];
  /** Rows left until the key is judged. */
  readonly warmup?: number;
  readonly forecast: {
    readonly horizons: readonly number[];
    readonly levels: readonly number[];
    readonly mean: ArrayLike<number | null>;
    readonly quantiles: ArrayLike<number | null>;
  };
}

/** Time between the rows that horizons count, where the rows at hand are not all of them. */
export type Grid = 'auto' | number;

/** Limits that keep the file below 5 MB and the page quick. */
export const reportLimits = {
  keys: 16,
  series: 32,
  rows: 50_000,
  anomalies: 1_000,
  anomaliesKept: 5_000,
  rowsAround: 60,
} as const;

/** One channel of one key while rows come in. */
interface Track {
  readonly key: string;
  readonly channel: string;
  readonly index: number;
  readonly thin: Thin;
  previousMs: number;
  stepMs: number;
  last: ReportRow | undefined;
}

/**
 * Makes what the report shows of the worst anomalies and one pass over the rows: the keys with the worst anomalies, and after
 * them the first ones seen, as far as the limits go.
 */
export class Collector {
  readonly #anomalies: readonly Anomaly[];
  readonly #tracks = new Map<string, Track[]>();
  readonly #wanted: Set<string>;
  readonly #keys = new Set<string>();
  readonly #rejects = new Map<string, number>();
  readonly #keyLimit: number;
  readonly #channels: readonly number[];
  #rows = 0;

  constructor(
    readonly channels: readonly string[],
    readonly found: WorstAnomalies,
    readonly gridMs?: Grid,
  ) {
    this.#anomalies = found.worst();
    const { keys, series } = reportLimits;
    const troubled = new Set(this.#anomalies.map(({ channel }) => channels.indexOf(channel)).filter((c) => c >= 0));
    this.#channels = [...new Set([...troubled, ...channels.keys()])].slice(0, series).sort((a, b) => a - b);
    this.#keyLimit = Math.max(1, Math.min(keys, Math.floor(series / Math.max(1, this.#channels.length))));
    this.#wanted = new Set([...new Set(this.#anomalies.map(({ key }) => key))].slice(0, this.#keyLimit));
  }

  reject(reason: string): void {
    this.#rejects.set(reason, (this.#rejects.get(reason) ?? 0) + 1);
  }

  add(row: ReportRow): void {
    this.#rows++;
    this.#keys.add(row.key);
    let tracks = this.#tracks.get(row.key);
    if (!tracks) {
      const free = this.#keyLimit - [...this.#wanted].filter((key) => !this.#tracks.has(key)).length;
      if (!this.#wanted.has(row.key) && this.#tracks.size >= free) return;
      const limit = Math.floor(reportLimits.rows / ((this.#tracks.size + 1) * this.#channels.length));
      for (const { thin } of [...this.#tracks.values()].flat()) thin.shrink(limit);
      tracks = this.#channels.map((index) => this.#track(row.key, index, limit));
      this.#tracks.set(row.key, tracks);
    }
    for (const track of tracks) follow(track, row, this.gridMs);
  }

  #track(key: string, index: number, limit: number): Track {
    const own = this.#anomalies.filter((anomaly) => anomaly.key === key);
    const track: Track = {
      key,
      channel: this.channels[index],
      index,
      previousMs: Number.NaN,
      stepMs: Number.POSITIVE_INFINITY,
      last: undefined,
      thin: new Thin(limit, ({ timeMs }) => {
        const around = reportLimits.rowsAround * track.stepMs;
        return own.some(({ startMs, endMs }) => timeMs >= startMs - around && timeMs <= endMs + around);
      }),
    };
    return track;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Rejected rows by reason, the most frequent first. */
  get rejects(): { reason: string; count: number }[] {
    const found = [...this.#rejects].map(([reason, count]) => ({ reason, count }));
    return found.sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  }

  get keys(): number {
    return this.#keys.size;
  }

  get keysDrawn(): number {
    return this.#tracks.size;
  }

  /** All tracks, those of the keys with the worst anomalies first. */
  series(): ReportSeries[] {
    return this.#ordered().map((track) => {
      const points = track.thin.points();
      return {
        key: track.key,
        channel: track.channel,
        rows: track.thin.rows,
        ...(track.last?.warmup ? { warmup: track.last.warmup } : {}),
        past: columnsOf(points),
        future: columnsOf(futureOf(track, this.gridMs), points.at(-1)?.timeMs),
      };
    });
  }

  #ordered(): Track[] {
    const rank = new Map([...this.#wanted].map((key, i) => [key, i]));
    return [...this.#tracks.entries()]
      .sort(([a], [b]) => (rank.get(a) ?? Number.MAX_SAFE_INTEGER) - (rank.get(b) ?? Number.MAX_SAFE_INTEGER))
      .flatMap(([, tracks]) => tracks);
  }

  /** The worst anomalies, in the order of time. */
  anomalies(): { shown: ReportAnomaly[]; inAll: number; bySeverity: Record<Severity, number> } {
    const order = this.#ordered();
    const shown = this.#anomalies
      .slice(0, reportLimits.anomalies)
      .sort((a, b) => a.peakMs - b.peakMs || (a.id < b.id ? -1 : 1))
      .map((anomaly): ReportAnomaly => {
        const series = order.findIndex(({ key, channel }) => key === anomaly.key && channel === anomaly.channel);
        const { id, key, channel, severity, startMs, endMs, peakMs, alarms, score, why } = anomaly;
        const part = { id, key, channel, severity, startMs, endMs, peakMs, alarms, score, why };
        return {
          ...part,
          ...(series >= 0 ? { series } : {}),
          card: cardLines(anomaly),
          open: anomaly.status === 'open',
          ...(anomaly.quantity ? { quantity: anomaly.quantity } : {}),
          ...(anomaly.word ? { words: [anomaly.word.actual, anomaly.word.expected[0]?.word ?? ''] as const } : {}),
          actual: known(anomaly.actual),
          expected: known(anomaly.expected),
          low: known(anomaly.low),
          high: known(anomaly.high),
        };
      });
    return { shown, inAll: this.found.count, bySeverity: this.found.bySeverity };
  }
}

const nothing = { expected: Number.NaN, low98: Number.NaN, low80: Number.NaN, high80: Number.NaN, high98: Number.NaN };

/** Draws the row beside the forecast that was made for it at the row before. */
function follow(track: Track, row: ReportRow, gridMs: Grid | undefined): void {
  const { timeMs, values } = row;
  const { last, previousMs } = track;
  if (timeMs > previousMs) track.stepMs = Math.min(track.stepMs, timeMs - previousMs);
  // On a grid whose filled points are left out, the row before may be several points ago.
  const stepMs = gridMs === 'auto' ? track.stepMs : gridMs;
  const ahead = stepMs === undefined ? 1 : Math.round((timeMs - previousMs) / stepMs);
  const horizon = last ? last.forecast.horizons.indexOf(ahead) : -1;
  const made = last && horizon >= 0 ? bandAt(last.forecast, track.index, horizon) : nothing;
  track.thin.add({ timeMs, actual: values[track.index] ?? Number.NaN, ...made });
  track.previousMs = timeMs;
  track.last = row;
}

/** The quantile at a level; NaN if the pipeline does not give it. */
function bandAt(forecast: ReportRow['forecast'], channel: number, horizon: number): Omit<Point, 'timeMs' | 'actual'> {
  const { horizons, levels, mean, quantiles } = forecast;
  const at = channel * horizons.length + horizon;
  const quantile = (level: number): number => {
    const index = levels.indexOf(level);
    return index < 0 ? Number.NaN : (quantiles[at * levels.length + index] ?? Number.NaN);
  };
  return {
    expected: mean[at] ?? Number.NaN,
    low98: quantile(0.01),
    low80: quantile(0.1),
    high80: quantile(0.9),
    high98: quantile(0.99),
  };
}

/** What the last row expects of the rows to come. */
function futureOf({ last, index, stepMs: seenMs, previousMs }: Track, gridMs: Grid | undefined): Point[] {
  const stepMs = typeof gridMs === 'number' ? gridMs : seenMs;
  if (!last || !Number.isFinite(stepMs)) return [];
  return last.forecast.horizons.map((ahead, h) => ({
    timeMs: previousMs + ahead * stepMs,
    actual: Number.NaN,
    ...bandAt(last.forecast, index, h),
  }));
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Points as columns, rounded to what can be seen; times as steps from `fromMs`. */
function columnsOf(points: readonly Point[], fromMs = 0): Columns {
  let size = 0;
  for (const { actual, expected } of points) size = Math.max(size, Math.abs(known(actual) ?? known(expected) ?? 0));
  // Six digits of the largest value: finer than any screen, and a third of the bytes.
  const unit = size > 0 ? 10 ** (Math.floor(Math.log10(size)) - 6) : 1;
  const shown = (value: number): number | null =>
    Number.isFinite(value) ? Number((Math.round(value / unit) * unit).toPrecision(8)) : null;
  const column = (name: Exclude<keyof Point, 'timeMs'>) => points.map((point) => shown(point[name]));
  return {
    stepsMs: points.map(({ timeMs }, i) => timeMs - (i === 0 ? fromMs : points[i - 1].timeMs)),
    actual: column('actual'),
    expected: column('expected'),
    low98: column('low98'),
    low80: column('low80'),
    high80: column('high80'),
    high98: column('high98'),
  };
}

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encodeAnomaly } from '../../connectors/encode.js';
import { ndjsonSink } from '../../connectors/ndjson-sink.js';
import type { Sink } from '../../connectors/sink.js';
import type { Anomaly, Reject, Result } from '../../event.js';
import { WorstAnomalies } from '../worst.js';
import { Collector, type Grid, type ReportRow, reportLimits } from './collect.js';

/** Names of these files in checkpoints: not their paths, which no user gave. */
const prefix = '--report ';
export const isReportOutput = (name: string): boolean => name.startsWith(prefix);
const called = <T>(what: string, sink: Sink<T>): Sink<T> => ({ ...sink, name: prefix + what });

/** Quantiles that the page draws. */
const drawn = [0.01, 0.1, 0.9, 0.99];

/** What a report is made of, kept beside the state while the run goes on: files that a restart cuts back like any other. */
export class ReportRows {
  readonly results: Sink<Result>;
  readonly anomalies: Sink<Anomaly>;
  readonly rejects: Sink<Reject>;
  readonly #rowsPath: string;
  readonly #anomaliesPath: string;
  readonly #rejectsPath: string;

  constructor(folder: string) {
    this.#rowsPath = join(folder, 'report-rows.ndjson');
    this.#anomaliesPath = join(folder, 'report-anomalies.ndjson');
    this.#rejectsPath = join(folder, 'report-rejects.ndjson');
    this.results = called('rows', ndjsonSink(this.#rowsPath, encodeRow));
    this.anomalies = called('anomalies', ndjsonSink(this.#anomaliesPath, encodeAnomaly));
    this.rejects = called(
      'rejects',
      ndjsonSink(this.#rejectsPath, ({ reason }) => JSON.stringify({ reason })),
    );
  }

  /** Reads all of it once more. */
  async collect(channels: readonly string[], gridMs?: Grid): Promise<Collector> {
    const anomalies = new WorstAnomalies(reportLimits.anomaliesKept);
    for await (const anomaly of lines<Anomaly>(this.#anomaliesPath)) anomalies.add(anomaly);
    const collector = new Collector(channels, anomalies, gridMs);
    for await (const row of lines<ReportRow>(this.#rowsPath)) collector.add(row);
    for await (const { reason } of lines<Reject>(this.#rejectsPath)) collector.reject(reason);
    return collector;
  }
}

function encodeRow({ key, timeMs, values, forecast, warmup = 0 }: Result): string {
  const { horizons, levels, mean, quantiles } = forecast;
  const kept = drawn.map((level) => levels.indexOf(level)).filter((at) => at >= 0);
  const row: ReportRow = {
    key,
    timeMs,
    values,
    ...(warmup > 0 ? { warmup } : {}),
    forecast: {
      horizons,
      levels: kept.map((at) => levels[at]),
      mean: [...mean],
      quantiles: [...mean].flatMap((_, at) => kept.map((level) => quantiles[at * levels.length + level])),
    },
  };
  return JSON.stringify(row);
}

async function* lines<T>(path: string): AsyncGenerator<T> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line !== '') yield JSON.parse(line) as T;
  }
}

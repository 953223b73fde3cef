import type { Anomaly, Reject, Result } from '../event.js';
import { type Encode, encodeAnomaly, encodeReject, encodeResult } from './encode.js';
import { endings, type FileFormat, type FileOptions, fileSource, streamSource } from './file.js';
import { anomalyColumns, type FlatColumn, type ResultShape, rejectColumns, resultColumns } from './flat.js';
import { log } from './log.js';
import { ndjsonSink, streamSink } from './ndjson-sink.js';
import { hint } from './nearest.js';
import type { Sink } from './sink.js';
import type { Source } from './source.js';
import { arrowSink, parquetSink } from './table-sink.js';

/** Sources by name: files by format, standard input, and the log in memory. */
export const sources = {
  csv: (path: string, options: FileOptions = {}): Source => fileSource(path, { ...options, format: 'csv' }),
  ndjson: (path: string, options: FileOptions = {}): Source => fileSource(path, { ...options, format: 'ndjson' }),
  arrow: (path: string, options: FileOptions = {}): Source => fileSource(path, { ...options, format: 'arrow' }),
  parquet: (path: string, options: FileOptions = {}): Source => fileSource(path, { ...options, format: 'parquet' }),
  stdin: (options: FileOptions = {}): Source => streamSource(process.stdin, options),
  log,
};

/** One kind of row and how it is written, as a line and as flat columns. */
export interface Output<T> {
  readonly encode: Encode<T>;
  readonly columns: readonly FlatColumn<T>[];
}

/** What a pipeline gives out. */
export const outputs = {
  results: (shape: ResultShape): Output<Result> => ({
    encode: encodeResult(shape.shard),
    columns: resultColumns(shape),
  }),
  anomalies: (): Output<Anomaly> => ({ encode: encodeAnomaly, columns: anomalyColumns }),
  rejects: (): Output<Reject> => ({ encode: encodeReject, columns: rejectColumns }),
};

/** Sinks by format. */
export const sinks = {
  ndjson: <T>(path: string, { encode }: Output<T>): Sink<T> => ndjsonSink(path, encode),
  arrow: <T>(path: string, { columns }: Output<T>): Sink<T> => arrowSink(path, columns),
  parquet: <T>(path: string, { columns }: Output<T>): Sink<T> => parquetSink(path, columns),
} satisfies Partial<Record<FileFormat, unknown>>;

/** The source an argument of the command stands for: `-` is standard input. */
export function sourceOf(path: string, options: FileOptions = {}): Source {
  return path === '-' ? sources.stdin(options) : fileSource(path, options);
}

/** The sink an argument of the command stands for: `-` is standard output, else the file's ending tells the format. */
export function sinkOf<T>(path: string, output: Output<T>): Sink<T> {
  if (path === '-') return streamSink(output.encode);
  const ending = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const format = Object.hasOwn(endings, ending) ? endings[ending] : undefined;
  if (format !== undefined && Object.hasOwn(sinks, format)) return sinks[format as keyof typeof sinks](path, output);
  const written = Object.keys(endings).filter((name) => Object.hasOwn(sinks, endings[name]));
  throw new Error(
    `${path}: expected an output that ends with .${written.join(', .')}, or - for standard output` +
      `${hint(ending, written)}: rename it`,
  );
}

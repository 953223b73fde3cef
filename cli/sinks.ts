import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Encode, encodeAnomaly, encodeReject, encodeResult } from '../connectors/encode.js';
import { anomalyColumns, type FlatColumn, type ResultShape, rejectColumns, resultColumns } from '../connectors/flat.js';
import { ndjsonSink, streamSink } from '../connectors/ndjson-sink.js';
import type { Sink } from '../connectors/sink.js';
import { arrowSink, parquetSink } from '../connectors/table-sink.js';
import type { Anomaly, Reject, Result } from '../event.js';
import type { Io } from './io.js';
import type { Output } from './outputs.js';

/** The sinks of a run, by what they take. */
export interface ReplaySinks {
  readonly results: Sink<Result>[];
  readonly anomalies: Sink<Anomaly>[];
  readonly rejects: Sink<Reject>[];
}

export function sinksFor(outputs: readonly Output[], shape: ResultShape, { stdout }: Io): ReplaySinks {
  const sink = <T>({ path, format }: Output, encode: Encode<T>, columns: () => readonly FlatColumn<T>[]): Sink<T> => {
    if (path === '-') return streamSink(encode, stdout);
    if (format === 'arrow') return arrowSink(path, columns());
    return format === 'parquet' ? parquetSink(path, columns()) : ndjsonSink(path, encode);
  };
  const of = (kind: Output['kind']): Output[] => outputs.filter((output) => output.kind === kind);
  return {
    results: of('forecasts').map((out) => sink(out, encodeResult(shape.shard), () => resultColumns(shape))),
    anomalies: of('anomalies').map((out) => sink(out, encodeAnomaly, () => anomalyColumns)),
    rejects: of('rejects').map((out) =>
      onDemand(
        sink(out, encodeReject, () => rejectColumns),
        out.path,
      ),
    ),
  };
}

/** A file that is made with its first row: no rejects, no file. What an earlier run left in its place is removed. */
function onDemand<T>(sink: Sink<T>, path: string): Sink<T> {
  if (path === '-') return sink;
  let opened = false;
  return {
    name: sink.name,
    async open(mark) {
      opened = mark !== undefined && mark > 0;
      if (opened) await sink.open(mark);
      else for (const left of [path, `${path}.arrow.part`]) if (existsSync(left)) await rm(left);
    },
    async write(rows) {
      if (rows.length === 0) return;
      if (!opened) await sink.open(undefined);
      opened = true;
      await sink.write(rows);
    },
    flush: async () => (opened ? await sink.flush() : 0),
    close: async (complete) => {
      if (opened) await sink.close(complete);
    },
  };
}

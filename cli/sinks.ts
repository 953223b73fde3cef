import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Output as Columns, outputs as kinds, sinks } from '../connectors/catalog.js';
import type { ResultShape } from '../connectors/flat.js';
import { streamSink } from '../connectors/ndjson-sink.js';
import type { Sink } from '../connectors/sink.js';
import { partOf } from '../connectors/table-sink.js';
import type { Anomaly, Reject, Result } from '../event.js';
import type { Challenged } from '../operators/challenge.js';
import type { Io } from './io.js';
import { isTopic, type Output, type TopicOutput } from './outputs.js';

/** The sinks of a run, by what they take. */
export interface ReplaySinks {
  readonly results: Sink<Result>[];
  readonly anomalies: Sink<Anomaly>[];
  readonly rejects: Sink<Reject>[];
}

/** Makes the sink of a topic; only asked for where one is named. */
export type TopicSinks = <T>(output: TopicOutput) => Sink<T>;

export function sinksFor(
  outputs: readonly Output[],
  shape: ResultShape,
  { stdout }: Io,
  topics: TopicSinks,
): ReplaySinks {
  const sink = <T>(output: Output, columns: Columns<T>): Sink<T> => {
    if (isTopic(output)) return topics<T>(output);
    return output.path === '-' ? streamSink(columns.encode, stdout) : sinks[output.format](output.path, columns);
  };
  const of = (kind: Output['kind']): Output[] => outputs.filter((output) => output.kind === kind);
  return {
    results: [
      ...of('forecasts').map((out) => sink(out, kinds.results(shape))),
      ...of('shadow').map((out) => shadowOf(sink(out, kinds.results(shape)))),
    ],
    anomalies: of('anomalies').map((out) => sink(out, kinds.anomalies())),
    rejects: of('rejects').map((out) => (isTopic(out) ? topics(out) : onDemand(sink(out, kinds.rejects()), out.path))),
  };
}

/** Writes what the configuration that is not in charge says of each event (`challenge`). */
const shadowOf = (sink: Sink<Result>): Sink<Result> => ({
  name: sink.name,
  open: (...marks) => sink.open(...marks),
  write: (rows, origin) =>
    sink.write(
      rows.flatMap((row) => (row as Partial<Challenged<Result>>).shadow ?? []),
      origin,
    ),
  flush: (shard) => sink.flush(shard),
  close: (complete) => sink.close(complete),
});

/** A file that is made with its first row: no rejects, no file. What an earlier run left in its place is removed. */
function onDemand<T>(sink: Sink<T>, path: string): Sink<T> {
  if (path === '-') return sink;
  let opened = false;
  return {
    name: sink.name,
    async open(mark) {
      opened = mark !== undefined && mark > 0;
      if (opened) await sink.open(mark);
      else for (const left of [path, partOf(path)]) if (existsSync(left)) await rm(left);
    },
    async write(rows, origin) {
      if (rows.length === 0) return;
      if (!opened) await sink.open(undefined);
      opened = true;
      await sink.write(rows, origin);
    },
    flush: async () => (opened ? await sink.flush() : 0),
    close: async (complete) => {
      if (opened) await sink.close(complete);
    },
  };
}

import { createHash } from 'node:crypto';
import { outputs as encoders } from '../connectors/catalog.js';
import { encodeResult } from '../connectors/encode.js';
import type { Sink } from '../connectors/sink.js';
import type { Opening } from '../connectors/source.js';
import { identityOf } from '../pipelines/pipeline.js';
import { UsageError } from './failure.js';
import type { ReplayInput } from './input.js';
import { isTopic, type Output, type TopicOutput } from './outputs.js';
import type { TopicSinks } from './sinks.js';

type AnySink = Sink<never> & { readonly found: number };

/** The topics a replay writes, ready to be written: they are there, and they fit the input. */
export interface Topics {
  readonly sinks: TopicSinks;
  /** Rows of this run that were in the topics already, by an earlier run of the same replay. */
  found(output: Output): number;
}

const none: Topics = {
  sinks() {
    throw new Error('no topic was named');
  },
  found: () => 0,
};

/** Makes sinks of the topics among the outputs; asks their cluster before anything else is touched. */
export async function topicsFor(
  outputs: readonly Output[],
  { address, settings, pipeline }: ReplayInput,
  opening: Opening,
  { fresh = false }: { readonly fresh?: boolean },
): Promise<Topics> {
  const named = outputs.filter(isTopic);
  if (named.length === 0) return none;
  const { TopicSink } = await import('../pipelines/kafka-sink.js');
  // The same replay under the same name, whoever runs it and wherever: what is written once is not written again.
  const identity = identityOf(pipeline, opening.channels, opening.identity);
  // Each topic has a ledger of its own: --fresh for one leaves what is known of the others.
  const ledgerOf = (topic: string): string =>
    `engram-replay-${createHash('sha256').update(`${topic}\n${identity}`).digest('hex').slice(0, 20)}`;
  const partitionOf = (shard: string): number => Number(shard.slice(shard.lastIndexOf('-') + 1));
  const made = new Map<string, AnySink>();
  for (const { address: place, kind, path } of named) {
    const { brokers, topic } = place;
    const sink = new TopicSink({
      kafka: { ...settings?.kafka, brokers },
      kind: kind === 'forecasts' || kind === 'shadow' ? 'results' : kind,
      topic,
      outputs: {
        results: { topic, encode: encodeResult },
        anomalies: { topic, encode: encoders.anomalies().encode },
        rejects: { topic },
      },
      ledger: ledgerOf(topic),
      input: address?.topic ?? opening.shards[0],
      app: settings?.group ?? 'engram-replay',
      ...(address ? { partitionOf } : {}),
      ...(settings?.compression ? { compression: settings.compression } : {}),
      fresh,
    });
    await sink.prepare(opening.partitions ?? 1);
    made.set(path, sink as unknown as AnySink);
  }
  return {
    sinks: <T>({ path }: TopicOutput) => made.get(path) as unknown as Sink<T>,
    found: ({ path }) => made.get(path)?.found ?? 0,
  };
}

/** A login is meant for one cluster: no other is shown it. Told before any cluster is asked. */
export function refuseOtherClusters(outputs: readonly Output[], { address, settings }: ReplayInput): void {
  const input = address?.brokers;
  if (settings?.kafka?.login === undefined || input === undefined) return;
  for (const { path, address: place } of outputs.filter(isTopic)) {
    if (place.brokers.some((broker) => input.includes(broker))) continue;
    throw new UsageError(
      `--out ${path}: expected the cluster of the input, which the login of --run is for, got ${place.brokers.join(',')}: ` +
        'write into a file, or replay without login',
    );
  }
}

import type { Kafka } from 'kafkajs';
import { jsonCodec } from '../../connectors/codecs/json.js';
import { CommittedFilter } from '../../connectors/kafka/committed.js';
import type { RawBatch } from '../../connectors/kafka/internals.js';
import { keyed } from '../../operators/stage.js';
import type { WorkerEvent, WorkerOptions } from '../../pipelines/kafka-options.js';
import { outputTopics } from '../../pipelines/kafka-output.js';
import type { KafkaWorker } from '../../pipelines/kafka-worker.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { shipped } from '../../pipelines/shipped.js';
import { f64 } from '../../state/layout.js';
import { MemoryStore } from '../../state/stores/memory.js';
import { sleep } from './broker.js';
import { encodeMoved, type Moved, movingOf } from './moving.mjs';

/** `light` with a budget that a key of a few hundred rows can meet: rarer than 1 in 2,000 they cannot claim anything to be. */
export const watchful = {
  ...shipped.light,
  name: 'watchful',
  stages: shipped.light.stages.map((stage) =>
    'detect' in stage ? { detect: { evidence: 'surprise', budget: { alarms: 1, per: 'key', rows: 100 } } } : stage,
  ),
};

export const moving = movingOf({ keyed, f64 });

/** Worker settings for tests: short intervals, a small pipeline, all three outputs. */
export function settings(
  addresses: readonly string[],
  input: string,
  groupId: string,
  more: Partial<WorkerOptions<Moved>> = {},
): WorkerOptions<Moved> {
  const topics = outputTopics(input);
  return {
    kafka: { brokers: addresses },
    input,
    groupId,
    codec: jsonCodec(),
    mapping: { values: ['value'] },
    pipeline: pipeline('moving').through(moving(1e6)),
    outputs: {
      results: { topic: topics.results, encode: encodeMoved },
      rejects: { topic: topics.rejects },
    },
    store: new MemoryStore(),
    commitMs: 50,
    checkpointMs: 200,
    sessionTimeoutMs: 3000,
    heartbeatMs: 300,
    fetchWaitMs: 50,
    oldBrokers: 'allow',
    ...more,
  };
}

export interface Written {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Record<string, string>;
}

/**
 * All committed records of a topic, fetched by kafkajs outside of any engine. A commit is answered before its marker is written, so
 * records may become visible a little later: reads again until there are as many as expected, for ten seconds at most.
 */
export async function readAll(kafka: Kafka, topic: string, atLeast = 0): Promise<Written[]> {
  const until = performance.now() + 10_000;
  for (;;) {
    const rows = await readOnce(kafka, topic);
    if (rows.length >= atLeast || performance.now() > until) return rows;
    await sleep(200);
  }
}

async function readOnce(kafka: Kafka, topic: string): Promise<Written[]> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]));
  const lows = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => [partition, Number(low)]));
  await admin.disconnect();
  const left = new Set([...ends].filter(([partition, high]) => high > (lows.get(partition) ?? 0)).map(([p]) => p));
  const rows: Written[] = [];
  if (left.size === 0) return rows;
  // kafkajs' own filter lets records of aborted transactions through where several follow each other.
  const filters = new Map<number, CommittedFilter>();
  const consumer = kafka.consumer({ groupId: `reader-${process.hrtime.bigint()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const seen = (partition: number, last: number): void => {
      if (last + 1 >= (ends.get(partition) ?? 0)) left.delete(partition);
      if (left.size === 0) resolve();
    };
    // Batches without visible records are told by this event only.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
      seen(payload.partition, Number(payload.lastOffset)),
    );
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          const { partition } = batch;
          const filter = filters.get(partition) ?? new CommittedFilter(lows.get(partition) ?? 0);
          filters.set(partition, filter);
          for (const { offset, key, value, headers } of filter.push((batch as unknown as RawBatch).rawMessages)
            .records) {
            rows.push({
              partition,
              offset,
              key: key?.toString() ?? null,
              value: value?.toString() ?? null,
              headers: Object.fromEntries(Object.entries(headers).map(([name, at]) => [name, String(at)])),
            });
          }
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return rows.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** The committed offset of every partition of a group. */
export async function committedOf(kafka: Kafka, groupId: string, topic: string): Promise<Map<number, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return new Map(answer.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  } catch (error) {
    // The coordinator of a new group is not ready at once.
    if ((error as { retriable?: boolean }).retriable) return new Map();
    throw error;
  } finally {
    await admin.disconnect();
  }
}

export async function endsOf(kafka: Kafka, topic: string): Promise<Map<number, number>> {
  const admin = kafka.admin();
  await admin.connect();
  const found = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return new Map(found.map(({ partition, high }) => [partition, Number(high)]));
}

/** Resolves when a group has committed all that is in the topic. */
export async function drained(kafka: Kafka, groupId: string, topic: string, timeoutMs = 60_000): Promise<void> {
  const ends = await endsOf(kafka, topic);
  const until = performance.now() + timeoutMs;
  for (;;) {
    const now = await committedOf(kafka, groupId, topic);
    if ([...ends].every(([partition, end]) => (now.get(partition) ?? -1) >= end)) return;
    if (performance.now() > until) {
      throw new Error(`not drained in ${timeoutMs} ms: ends ${[...ends]}, committed ${[...now]}`);
    }
    await sleep(50);
  }
}

/** Writes values under keys; the partition is the key's number. */
export async function produce(
  kafka: Kafka,
  topic: string,
  rows: readonly {
    partition?: number;
    key?: string | null;
    value: string | Buffer | null;
    headers?: Record<string, string>;
  }[],
  batchRows = 2000,
): Promise<void> {
  // A plain producer that is answered late tries again and writes its rows twice.
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let at = 0; at < rows.length; at += batchRows) {
    await producer.send({
      topic,
      messages: rows
        .slice(at, at + batchRows)
        .map(({ partition = 0, key = null, value, headers = {} }) => ({ partition, key, value, headers })),
    });
  }
  await producer.disconnect();
}

/** A worker at work, with what it told. */
export interface Running {
  readonly events: WorkerEvent[];
  readonly worker: KafkaWorker<Moved>;
  /** Rejects with what ended the worker. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

export function begin(worker: (onEvent: (event: WorkerEvent) => void) => KafkaWorker<Moved>): Running {
  const events: WorkerEvent[] = [];
  const stop = new AbortController();
  const made = worker((event) => void (event.type !== 'heartbeat' && events.push(event)));
  const done = made.run(stop.signal);
  done.catch(() => {});
  return {
    events,
    worker: made,
    done,
    async stop() {
      stop.abort();
      await done;
    },
  };
}

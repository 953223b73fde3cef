import type { Kafka } from 'kafkajs';
import { jsonCodec } from '../../connectors/codecs/json.js';
import { encodeResult } from '../../connectors/encode.js';
import type { Event, Result } from '../../event.js';
import type { WorkerEvent, WorkerOptions } from '../../pipelines/kafka-options.js';
import { KafkaWorker } from '../../pipelines/kafka-worker.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { shipped } from '../../pipelines/shipped.js';
import { pipelineOf } from '../../pipelines/spec.js';
import { MemoryStore } from '../../state/stores/memory.js';
import { Cluster, sleep } from '../kafka/broker.js';
import { drained, endsOf, produce } from '../kafka/harness.js';
import { clientOf, createTopic } from '../kafka/with-broker.js';

export interface Speed {
  readonly eventsPerSecond: number;
  /** Of this process, whatever the broker needs beside it. */
  readonly cpuMicrosPerEvent: number;
}

export interface Latency {
  readonly eventsPerSecond: number;
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

const partitions = 4;

async function timed(events: number, work: () => Promise<void>): Promise<Speed> {
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  return {
    eventsPerSecond: Math.round(events / seconds),
    cpuMicrosPerEvent: Math.round((10 * (used.user + used.system)) / events) / 10,
  };
}

/** Reading only: what kafkajs can give at best. */
async function rawConsume(kafka: Kafka, topic: string, events: number): Promise<void> {
  const consumer = kafka.consumer({ groupId: `raw-${process.hrtime.bigint()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          seen += batch.messages.length;
          if (seen >= events) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
}

/** The loop anybody would write: decode, write a row of the same size, offset and row in one transaction per batch. */
async function plainLoop(kafka: Kafka, topic: string, output: string, events: number, row: string): Promise<void> {
  const groupId = `plain-${process.hrtime.bigint()}`;
  const producers = await Promise.all(
    Array.from({ length: partitions }, async (_, i) => {
      const producer = kafka.producer({
        transactionalId: `${groupId}-${i}`,
        maxInFlightRequests: 1,
        retry: { initialRetryTime: 10 },
      });
      await producer.connect();
      return producer;
    }),
  );
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        partitionsConsumedConcurrently: partitions,
        eachBatch: async ({ batch, resolveOffset }) => {
          for (let at = 0; at < batch.messages.length; at += 5000) {
            const part = batch.messages.slice(at, at + 5000);
            const messages = part.map(({ key, value }) => {
              const { value: number } = JSON.parse(String(value)) as { value: number };
              return { key, value: row.replace('0', String(number)), partition: batch.partition };
            });
            const transaction = await producers[batch.partition].transaction();
            // As much as the broker takes in one request.
            for (let i = 0; i < messages.length; i += 1500)
              await transaction.send({ topic: output, messages: messages.slice(i, i + 1500) });
            const offset = String(Number(part[part.length - 1].offset) + 1);
            await transaction.sendOffsets({
              consumerGroupId: groupId,
              topics: [{ topic, partitions: [{ partition: batch.partition, offset }] }],
            });
            await transaction.commit();
            seen += part.length;
          }
          resolveOffset(batch.lastOffset());
          if (seen >= events) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  await Promise.all(producers.map((producer) => producer.disconnect()));
}

/** Until a worker has committed so many records; asking the cluster would cost what is measured. */
async function workThrough<B extends Event>(options: WorkerOptions<B>, events: number): Promise<void> {
  let told: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    told = resolve;
  });
  let seen = 0;
  const onEvent = (event: WorkerEvent): void => {
    if (event.type === 'committed') seen += event.records;
    if (seen >= events) told();
  };
  await withWorker({ ...options, onEvent }, () => done);
}

async function withWorker<B extends Event>(options: WorkerOptions<B>, work: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const running = new KafkaWorker(options).run(stop.signal);
  await Promise.race([work(), running]);
  stop.abort();
  await running;
}

/** Speed of reading alone, of the loop without a model, and of the engine, on one broker in one run. */
export async function kafkaBench(events: number, log: (line: string) => void) {
  const cluster = await Cluster.start({ heapMb: 768 });
  try {
    const kafka = clientOf(cluster.addresses);
    await createTopic(kafka, 'in', partitions);
    await produce(
      kafka,
      'in',
      Array.from({ length: events }, (_, i) => ({
        ...{ partition: i % partitions, key: `sensor-${i % 1000}` },
        value: JSON.stringify({ value: Math.round(100 * Math.sin(i / 50)) + (i % 7) }),
      })),
      5000,
    );
    const options = (name: string): Omit<WorkerOptions<never>, 'pipeline' | 'outputs'> => ({
      ...{ kafka: { brokers: cluster.addresses }, input: 'in', groupId: name, store: new MemoryStore() },
      ...{ codec: jsonCodec(), mapping: { values: ['value'] }, commitMs: 100, commitRows: 5000 },
    });
    const light = pipelineOf(shipped.light);
    const full = (name: string, input = 'in'): WorkerOptions<Result> => ({
      ...(options(name) as unknown as WorkerOptions<Result>),
      ...{ input, pipeline: light },
      outputs: { results: { topic: `${name}.out`, encode: encodeResult } },
    });
    const speeds: Record<string, Speed> = {};
    const note = (name: string, speed: Speed): void => {
      speeds[name] = speed;
      log(`${name}: ${speed.eventsPerSecond} events/s, ${speed.cpuMicrosPerEvent} µs of CPU per event`);
    };
    note('raw consume', await timed(events, () => rawConsume(kafka, 'in', events)));
    note('full pipeline (light)', await timed(events, () => workThrough(full('light'), events)));
    const size = await rowBytes(kafka, 'light.out');
    await createTopic(kafka, 'plain.out', partitions);
    const row = JSON.stringify({ value: 0, padding: 'x'.repeat(Math.max(0, size - 25)) });
    note(
      'loop without a model, rows of the same size',
      await timed(events, () => plainLoop(kafka, 'in', 'plain.out', events, row)),
    );
    const empty: WorkerOptions<Event> = {
      ...(options('empty') as unknown as WorkerOptions<Event>),
      pipeline: pipeline('empty'),
      outputs: {
        results: {
          topic: 'empty.out',
          encode:
            () =>
            ({ values }) =>
              row.replace('0', String(values[0])),
        },
      },
    };
    note('engine without a step, rows of the same size', await timed(events, () => workThrough(empty, events)));
    const rate = Math.round(speeds['full pipeline (light)'].eventsPerSecond / 2);
    const latency = await latencyAt(kafka, rate, full('latency', 'timed'));
    log(`at ${latency.eventsPerSecond} events/s: p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms`);
    return { events, partitions, rowBytes: size, speeds, latency };
  } finally {
    await cluster.stop();
  }
}

async function rowBytes(kafka: Kafka, topic: string): Promise<number> {
  let bytes = 0;
  const consumer = kafka.consumer({ groupId: `size-${process.hrtime.bigint()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          bytes =
            batch.messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0) /
            Math.max(1, batch.messages.length);
          if (bytes > 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return Math.round(bytes);
}

/** From the sending of an event to its result at a reader of committed records, at a steady rate for fifteen seconds. */
async function latencyAt(kafka: Kafka, rate: number, options: WorkerOptions<Result>): Promise<Latency> {
  await createTopic(kafka, 'timed', partitions);
  await createTopic(kafka, 'latency.out', partitions);
  const delays: number[] = [];
  const warmMs = 5000;
  const reader = kafka.consumer({ groupId: 'latency-reader', maxWaitTimeInMs: 20 });
  await reader.connect();
  await reader.subscribe({ topic: 'latency.out', fromBeginning: true });
  const zero = Date.now();
  await reader.run({
    eachBatch: async ({ batch }) => {
      const now = Date.now() - zero;
      for (const { value } of batch.messages) {
        const sent = Number(/"values":\[(\d+)/.exec(String(value))?.[1]);
        if (sent > warmMs) delays.push(now - sent);
      }
    },
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await withWorker(options, async () => {
    let made = 0;
    for (const until = Date.now() + warmMs + 15_000; Date.now() < until; await sleep(10)) {
      const due = Math.floor(((Date.now() - zero) / 1000) * rate) - made;
      if (due <= 0) continue;
      // What was missed while the worker joined is not sent in one burst.
      const count = Math.min(due, Math.ceil(rate / 20));
      const at = Date.now() - zero;
      const messages = Array.from({ length: count }, (_, i) => ({
        ...{
          partition: (made + i) % partitions,
          key: `sensor-${(made + i) % 1000}`,
          value: JSON.stringify({ value: at }),
        },
      }));
      await producer.send({ topic: 'timed', messages });
      made += due;
    }
    await drained(kafka, 'latency', 'timed');
    await sleep(500);
  });
  await producer.disconnect();
  await reader.disconnect();
  await endsOf(kafka, 'timed');
  const sorted = Float64Array.from(delays).sort();
  const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return {
    eventsPerSecond: Math.round(sorted.length / 15),
    events: sorted.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    mostMs: quantile(1),
  };
}

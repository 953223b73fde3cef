import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kafka } from 'kafkajs';
import { runKafka } from '../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { drained, endsOf } from '../kafka/harness.js';
import { createTopic } from '../kafka/with-broker.js';
import { type Kind, type Sent, type Suite, start, suites } from './kafka-poison-kinds.js';

export interface PoisonPlan {
  readonly addresses: readonly string[];
  readonly kafka: Kafka;
  /** Where the schemas are. */
  readonly registry: string;
  /** A name no other run uses. */
  unique(name: string): string;
  /** Records of each kind of poison, and good ones to each of them. */
  readonly each: number;
  readonly goodPerPoison: number;
  /** Suites at once. */
  readonly together: number;
  readonly log?: (line: string) => void;
}

export interface PoisonReport {
  readonly records: number;
  readonly poison: number;
  readonly deadLetters: number;
  /** Dead letters by kind of poison. */
  readonly kinds: Readonly<Record<string, { readonly reason: string; readonly letters: number }>>;
  /** What is not as it should be; empty when all is well. */
  readonly faults: readonly string[];
  readonly results: number;
}

const partitions = 2;
const keysPerPartition = 10;

/** Runs every suite twice, with poison and with tombstones of nobody in its places, and compares what came out. */
export async function poison(plan: PoisonPlan): Promise<PoisonReport> {
  const reports: PoisonReport[] = [];
  const waiting = [...suites];
  await Promise.all(
    Array.from({ length: plan.together }, async () => {
      for (let suite = waiting.shift(); suite; suite = waiting.shift()) {
        const began = performance.now();
        reports.push(await suiteReport(suite, plan));
        plan.log?.(`${suite.name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
      }
    }),
  );
  const sum = (of: (report: PoisonReport) => number): number => reports.reduce((all, one) => all + of(one), 0);
  return {
    records: sum(({ records }) => records),
    poison: sum(({ poison }) => poison),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    results: sum(({ results }) => results),
    kinds: Object.assign({}, ...reports.map(({ kinds }) => kinds)) as PoisonReport['kinds'],
    faults: reports.flatMap(({ faults }) => faults),
  };
}

/** One record of the log, and what kind of poison it is, if any. */
interface Entry extends Sent {
  readonly poison: Kind | undefined;
}

/** The records of a partition, the same in every call; poison is spread evenly, its kinds in turns. */
function* entries(suite: Suite, partition: number, { each, goodPerPoison }: PoisonPlan): Generator<Entry> {
  const poisons = each * suite.kinds.length;
  const all = poisons * (goodPerPoison + 1);
  // Every series has a row that others can be late to, or the same as.
  const prelude = 2 * partitions * keysPerPartition;
  const stride = Math.floor((all - prelude) / poisons);
  const lastMs = new Map<string, number>();
  for (let n = partition; n < all; n += partitions) {
    const key = `pump-${(n >> 1) % keysPerPartition}-${partition}`;
    const timeMs = start + n * 1000;
    const place = { key, n, value: 100 + ((n * 7919) % 101) / 10, timeMs, lastMs: lastMs.get(key) ?? timeMs - 1000 };
    const turn = (n - prelude + 1) / stride - 1;
    if (Number.isInteger(turn) && turn >= 0 && turn < poisons) {
      const kind = suite.kinds[turn % suite.kinds.length];
      yield { ...kind.make(place), poison: kind };
    } else {
      lastMs.set(key, timeMs);
      yield { ...suite.good(place), poison: undefined };
    }
  }
}

async function suiteReport(suite: Suite, plan: PoisonPlan): Promise<PoisonReport> {
  const [bad, clean] = await Promise.all([worked(suite, plan, true), worked(suite, plan, false)]);
  const faults: string[] = [];
  const kinds: Record<string, { reason: string; letters: number }> = {};
  let [records, poisons, deadLetters] = [0, 0, 0];
  for (const { kind, reason } of suite.kinds) kinds[`${suite.name}: ${kind}`] = { reason, letters: 0 };
  for (let partition = 0; partition < partitions; partition++) {
    const letters = new Map<number, Letter>();
    for (const letter of bad.letters.filter((one) => one.partition === partition)) {
      if (letters.has(letter.offset)) faults.push(`${suite.name}/${partition}@${letter.offset}: two dead letters`);
      letters.set(letter.offset, letter);
    }
    let offset = 0;
    for (const entry of entries(suite, partition, plan)) {
      records++;
      const letter = letters.get(offset);
      const where = `${suite.name}/${partition}@${offset} (${entry.poison?.kind ?? 'good'})`;
      if (entry.poison) {
        poisons++;
        if (letter) kinds[`${suite.name}: ${entry.poison.kind}`].letters++;
        const fault = letter ? faultOf(letter, entry, entry.poison) : 'no dead letter';
        if (fault) faults.push(`${where}: ${fault}`);
      } else if (letter) faults.push(`${where}: a dead letter, ${letter.reason}: ${letter.message}`);
      if (letter) deadLetters++;
      offset++;
    }
  }
  if (clean.letters.length > 0) faults.push(`${suite.name}: ${clean.letters.length} dead letters of clean input`);
  for (const kind of ['forecasts', 'anomalies'] as const) {
    if (bad[kind].sum !== clean[kind].sum) faults.push(`${suite.name}: ${kind} are not those of the clean input`);
  }
  return { records, poison: poisons, deadLetters, kinds, faults, results: bad.forecasts.rows };
}

/** What is wrong with a dead letter. */
function faultOf(letter: Letter, { key, value, headers = {} }: Entry, { reason, stage }: Kind): string | undefined {
  if (letter.reason !== reason || letter.stage !== stage) {
    return `expected ${reason} by ${stage}, came ${letter.reason} by ${letter.stage}: ${letter.message}`;
  }
  if (letter.key !== hexOf(key)) return `the key is not the original one`;
  if (letter.value !== sumOf(value)) return `the value is not the original one`;
  for (const [name, at] of Object.entries(headers)) {
    if (letter.headers[name] !== headerOf(at)) return `the header "${name}" is not the original one`;
  }
  return undefined;
}

const hexOf = (bytes: string | Buffer | null): string | null =>
  bytes === null ? null : Buffer.from(bytes as string).toString('hex');
const sumOf = (bytes: Buffer | null): string | null =>
  bytes === null ? null : `${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`;
const headerOf = (at: Buffer | string | (Buffer | string)[] | undefined): string =>
  (Array.isArray(at) ? at : [at ?? '']).map(hexOf).join();

interface Letter {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly stage: string;
  readonly message: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

interface Worked {
  readonly letters: readonly Letter[];
  readonly forecasts: { readonly rows: number; readonly sum: string };
  readonly anomalies: { readonly rows: number; readonly sum: string };
}

/** Writes a suite's records to a topic, runs the engine on it, and reads what it wrote. */
async function worked(suite: Suite, plan: PoisonPlan, poisoned: boolean): Promise<Worked> {
  const { kafka, addresses, registry } = plan;
  // Both logs have the name of the same length, and none of it in what is compared.
  const input = plan.unique(`${suite.name}-${poisoned ? 'bad' : 'ok'}`);
  await createTopic(kafka, input, partitions);
  await written(suite, plan, input, poisoned);
  const group = `${input}-group`;
  const needsRegistry = suite.decode.format === 'avro' || suite.decode.format === 'protobuf';
  const run = await parseKafkaRun({
    ...{ kafka: { brokers: addresses }, input, group },
    decode: { ...suite.decode, ...(needsRegistry ? { registry: { url: registry } } : {}) },
    pipeline: {
      name: 'poison',
      stages: [
        { reorder: { duplicates: 'reject' } },
        ...[{ normalize: {} }, { remember: { memory: 'last-value', horizons: [1] } }, { interval: {} }],
        ...[{ detect: {} }, { episode: {} }],
      ],
    },
    state: { folder: await mkdtemp(join(tmpdir(), 'engram-poison-')) },
    ...{ commitMs: 200, checkpointMs: 600_000, sessionTimeoutMs: 30_000, oldBrokers: 'allow' },
  });
  const stop = new AbortController();
  const running = runKafka(run, stop.signal);
  await Promise.race([drained(kafka, group, input, 800_000), running]);
  stop.abort();
  await running;
  const letters: Letter[] = [];
  await everyRecord(kafka, `${input}.dlq`, ({ partition, key, value, headers = {} }) => {
    const text = (name: string): string => String(headers[name] ?? '');
    letters.push({
      ...{
        partition,
        offset: Number(text('x-error-offset')),
        reason: text('x-error-class'),
        stage: text('x-error-stage'),
      },
      ...{ message: text('x-error-message'), key: hexOf(key), value: sumOf(value) },
      headers: Object.fromEntries(Object.entries(headers).map(([name, at]) => [name, headerOf(at)])),
    });
  });
  return {
    letters,
    forecasts: await summed(kafka, `${input}.forecasts`, input),
    anomalies: await summed(kafka, `${input}.anomalies`, input),
  };
}

async function written(suite: Suite, plan: PoisonPlan, topic: string, poisoned: boolean): Promise<void> {
  const producer = plan.kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (let partition = 0; partition < partitions; partition++) {
    let messages: (Sent & { partition: number; timestamp: string })[] = [];
    let bytes = 0;
    const send = async (): Promise<void> => {
      if (messages.length > 0) await producer.send({ topic, messages });
      [messages, bytes] = [[], 0];
    };
    for (const entry of entries(suite, partition, plan)) {
      // A tombstone of a key nobody has takes the place of poison: nothing comes of it, and offsets stay.
      const { poison, ...sent }: Entry =
        entry.poison && !poisoned ? { key: 'nobody', value: null, poison: undefined } : entry;
      messages.push({ ...sent, partition, timestamp: String(start) });
      bytes += 100 + (sent.value?.length ?? 0);
      if (bytes > 500_000) await send();
    }
    await send();
  }
  await producer.disconnect();
}

/** Rows of a topic and a checksum of their keys, values and headers, without the name of the input. */
async function summed(kafka: Kafka, topic: string, input: string): Promise<{ rows: number; sum: string }> {
  const hashes = Array.from({ length: partitions }, () => createHash('sha256'));
  let rows = 0;
  await everyRecord(kafka, topic, ({ partition, key, value, headers = {} }) => {
    rows++;
    hashes[partition].update(`${key}\n${String(value).replaceAll(input, 'input')}\n`);
    hashes[partition].update(`${String(headers['engram-id']).replaceAll(input, 'input')}\n`);
  });
  return { rows, sum: hashes.map((hash) => hash.digest('hex')).join() };
}

type Received = {
  partition: number;
  key: Buffer | null;
  value: Buffer | null;
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
};

/** Every committed record of a topic, partition by partition in order. */
async function everyRecord(kafka: Kafka, topic: string, take: (record: Received) => void): Promise<void> {
  const ends = await endsOf(kafka, topic);
  const left = new Set([...ends].filter(([, end]) => end > 0).map(([partition]) => partition));
  if (left.size === 0) return;
  const consumer = kafka.consumer({ groupId: `${topic}-reader-${process.hrtime.bigint()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (Number(payload.lastOffset) + 1 >= (ends.get(payload.partition) ?? 0)) left.delete(payload.partition);
      if (left.size === 0) resolve();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          for (const record of batch.messages) take({ ...record, partition: batch.partition } as Received);
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
}

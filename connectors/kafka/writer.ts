import kafkajs, { type Kafka, type Message, type Producer, type ProducerBatch, type Transaction } from 'kafkajs';
import { packingOf } from './compression.js';
import type { Compression } from './compression-names.js';
import { rememberCoordinators } from './internals.js';
import { type PreparedMessage, takePrepared } from './prepared.js';
import type { Outgoing } from './record.js';
import { afterSequence, type Packing, RecordBatch } from './record-batch.js';
import { namingRight, type Rights } from './rights.js';

/** How far a partition has been read, written with the results. */
export interface Position {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** At most 4096 bytes by the broker's default. */
  readonly metadata: string;
}

/** Puts results and position into the log together, or not at all. One call at a time. */
export interface Writer {
  commit(rows: readonly Outgoing[], position: Position): Promise<void>;
  close(): Promise<void>;
}

export interface WriterOptions {
  readonly compression?: Compression;
  /** The broker ends a transaction that takes longer; must exceed the longest commit. */
  readonly transactionTimeoutMs?: number;
  /** Ids that earlier releases wrote this partition under: their writers are fenced too. */
  readonly formerIds?: readonly string[];
  /** Where the count of records sent to a partition begins; only the test of its end begins anywhere but at 0. */
  readonly firstSequence?: number;
}

/** Another producer with the same transactional id has begun, so this one may not write any more. */
export function isFenced(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { type } = at as Error & { type?: string };
    if (type === 'INVALID_PRODUCER_EPOCH' || type === 'PRODUCER_FENCED' || type === 'INVALID_PRODUCER_ID_MAPPING')
      return true;
    if (/producer attempted an operation with an old epoch|producer.*fenced/i.test(at.message)) return true;
  }
  return false;
}

/** The broker does not take a record of this size: it never will. */
export function isTooLarge(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { type } = at as Error & { type?: string };
    if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') return true;
  }
  return false;
}

/**
 * Writes in transactions. Opening it fences every earlier writer of the same id and ends what that one left open, so
 * offsets read afterwards are final. After any error it is of no more use: kafkajs' producer cannot be trusted then.
 */
export class TransactionalWriter implements Writer {
  readonly #sender: Sender;
  #broken = false;

  private constructor(
    readonly transactionalId: string,
    readonly producer: Producer,
    options: WriterOptions,
  ) {
    this.#sender = new Sender(options);
  }

  static async open(kafka: Kafka, transactionalId: string, options: WriterOptions = {}): Promise<TransactionalWriter> {
    const former = (options.formerIds ?? []).map(async (id) => {
      await (await fence(kafka, id, options)).disconnect().catch(() => {});
    });
    const [producer, ...others] = await Promise.allSettled([fence(kafka, transactionalId, options), ...former]);
    const failed = [producer, ...others].find(({ status }) => status === 'rejected') as
      | PromiseRejectedResult
      | undefined;
    if (producer.status === 'fulfilled' && !failed)
      return new TransactionalWriter(transactionalId, producer.value, options);
    if (producer.status === 'fulfilled') await producer.value.disconnect().catch(() => {});
    throw failed?.reason;
  }

  async commit(rows: readonly Outgoing[], position: Position): Promise<void> {
    if (this.#broken) throw new Error(`writer ${this.transactionalId}: an earlier commit failed, open another one`);
    try {
      const transaction = await this.producer.transaction();
      // Records first: only sending them is retried while the last transaction is still being ended.
      await this.#sender.send(rows, transaction);
      await sendOffsets(transaction, position);
      await transaction.commit();
    } catch (error) {
      this.#broken = true;
      const topics = [...new Set(rows.map(({ topic }) => topic))].join(', ');
      throw namingRight(error, {
        ...writing(this.transactionalId),
        ...{ topic: `Write on topic ${topics}`, group: `Read on group ${position.groupId}` },
      });
    }
  }

  /** Lets go of the connections; a transaction left open is ended by whoever opens this id next, or by its timeout. */
  async close(): Promise<void> {
    this.#broken = true;
    await this.producer.disconnect().catch(() => {});
  }
}

async function fence(kafka: Kafka, transactionalId: string, options: WriterOptions): Promise<Producer> {
  rememberCoordinators(transactionalId);
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: options.transactionTimeoutMs ?? 15_000,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry: { initialRetryTime: 10, maxRetryTime: 500, retries: 12 },
  });
  try {
    await producer.connect();
    // kafkajs asks for its producer id only when a transaction begins: an empty one makes it ask now.
    await (await producer.transaction()).abort();
  } catch (error) {
    await producer.disconnect().catch(() => {});
    throw namingRight(error, writing(transactionalId));
  }
  return producer;
}

const writing = (id: string): Rights => ({ transactionalId: `Write on transactional id ${id}` });

const passing = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
]);

/** kafkajs does not retry this while the coordinator is busy with something that ends by itself. */
async function sendOffsets(transaction: Transaction, position: Position): Promise<void> {
  const { groupId, topic, partition, offset, metadata } = position;
  const entry = { partition, offset: String(offset), metadata };
  const until = Date.now() + 5000;
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 200)) {
    try {
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions: [entry] }] });
      return;
    } catch (error) {
      if (!passing.has(String((error as { type?: string }).type)) || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/** What commits offsets for a member of a group: the consumer. */
export interface OffsetCommitter {
  commitOffsets(positions: { topic: string; partition: number; offset: string; metadata: string }[]): Promise<void>;
}

/** Writes results, then the position: after a crash between the two the results come again, under the same ids. */
export class PlainWriter implements Writer {
  readonly #sender: Sender;

  private constructor(
    readonly producer: Producer,
    readonly committer: OffsetCommitter,
    options: WriterOptions,
  ) {
    this.#sender = new Sender(options);
  }

  static async open(kafka: Kafka, committer: OffsetCommitter, options: WriterOptions = {}): Promise<PlainWriter> {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return new PlainWriter(producer, committer, options);
  }

  async commit(rows: readonly Outgoing[], position: Position): Promise<void> {
    await this.#sender.send(rows, this.producer);
    const { topic, partition, offset, metadata } = position;
    await this.committer.commitOffsets([{ topic, partition, offset: String(offset), metadata }]);
  }

  async close(): Promise<void> {
    await this.producer.disconnect().catch(() => {});
  }
}

/** Brokers refuse batches above 1 MiB by default, unpacked ones too; a larger record goes alone. */
const requestBytes = 512 * 1024;

/** Writes rows as batches, in requests of a size that brokers take, and keeps count of them as brokers do. */
export class Sender {
  /** Records sent to each partition of each topic since this producer began, modulo 2^31. */
  readonly #sequences = new Map<string, number>();

  readonly #packing: Packing | undefined;

  readonly #firstSequence: number;

  constructor({ compression = 'none', firstSequence = 0 }: WriterOptions = {}) {
    takePrepared();
    this.#firstSequence = firstSequence;
    this.#packing = packingOf(compression);
  }

  /** After an error the count is no longer the broker's: nothing more may be sent. */
  async send(rows: readonly Outgoing[], to: { sendBatch(batch: ProducerBatch): Promise<unknown> }): Promise<void> {
    const packing = this.#packing;
    for (const batches of requests(rows)) {
      const topicMessages = new Map<string, Message[]>();
      for (const { topic, partition, batch } of batches) {
        const name = `${topic}/${partition}`;
        const firstSequence = this.#sequences.get(name) ?? this.#firstSequence;
        const prepared = { batch, firstSequence, ...(packing ? { packing } : {}) };
        const message: PreparedMessage = { partition, value: null, prepared };
        topicMessages.set(topic, [...(topicMessages.get(topic) ?? []), message]);
        this.#sequences.set(name, afterSequence(firstSequence, batch.count));
      }
      await to.sendBatch({
        acks: -1,
        topicMessages: [...topicMessages].map(([topic, messages]) => ({ topic, messages })),
      });
    }
  }
}

interface Addressed {
  readonly topic: string;
  readonly partition: number;
  readonly batch: RecordBatch;
}

function* requests(rows: readonly Outgoing[]): Generator<readonly Addressed[]> {
  const timestampMs = Date.now();
  let batches = new Map<string, Addressed>();
  let last: Addressed | undefined;
  let bytes = 0;
  for (const row of rows) {
    const size = bytesOf(row);
    if (bytes > 0 && bytes + size > requestBytes) {
      yield [...batches.values()];
      batches = new Map();
      last = undefined;
      bytes = 0;
    }
    bytes += size;
    const { topic, partition } = row;
    if (last?.topic !== topic || last.partition !== partition) {
      const name = `${topic}/${partition}`;
      last = batches.get(name) ?? { topic, partition, batch: new RecordBatch(timestampMs) };
      batches.set(name, last);
    }
    last.batch.add(row);
  }
  if (bytes > 0) yield [...batches.values()];
}

function bytesOf({ key, value, headers = {} }: Outgoing): number {
  let bytes = 64 + Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '');
  for (const name in headers) {
    const at = headers[name];
    for (const one of Array.isArray(at) ? at : [at ?? '']) bytes += 8 + name.length + Buffer.byteLength(one);
  }
  return bytes;
}

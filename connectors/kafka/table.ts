import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { KafkaAdmin } from './admin.js';
import type { Feed } from './feed.js';
import { LoneReader } from './lone-reader.js';

/** The newest value of every key of a compacted topic; the keys of one shard lie in one partition. */
export class KafkaTable {
  readonly #admin: KafkaAdmin;
  #producer: Promise<Producer> | undefined;
  #partitions: Promise<number> | undefined;
  /** Its groups are called `<topic>-reader-…`. */
  readonly #reader: LoneReader;
  /** One read at a time of each partition: a feed takes the place of the one before. */
  readonly #reading = new Map<number, Promise<unknown>>();

  constructor(
    readonly kafka: Kafka,
    readonly topic: string,
    readonly options: {
      readonly partitions?: number;
      /** Where the keys of a shard lie; by a hash of its name otherwise. */
      readonly partitionOf?: (shard: string) => number;
    } = {},
  ) {
    this.#admin = new KafkaAdmin(kafka);
    this.#reader = new LoneReader(kafka, topic, `${topic}-reader`, { fetchWaitMs: 100, fetchBytesMax: 2 ** 22 });
  }

  /** Prepares for reads that will come: what takes time need not be waited for by the first of them. */
  async warm(): Promise<void> {
    await this.#count();
    await this.#reader.join();
  }

  /** How many partitions the topic has; makes it, compacted, if it is not there, and refuses one that is not compacted. */
  async #open(): Promise<number> {
    const { topic } = this;
    const config = {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.1',
      // Only closed segments are compacted, and all that is not compacted is read at every start.
      'segment.ms': '600000',
      'segment.bytes': String(2 ** 25),
    };
    await this.#admin.ensure([{ topic, partitions: this.options.partitions ?? 8, config }]);
    const policy = await this.#admin.setting(topic, 'cleanup.policy');
    if (policy !== undefined && policy !== 'compact') {
      throw new Error(
        `topic ${topic} has cleanup.policy=${policy}: checkpoints would vanish from it; expected compact: ` +
          'change it, or name another topic',
      );
    }
    return (await this.#admin.partitions([topic])).get(topic) ?? 0;
  }

  async #count(): Promise<number> {
    this.#partitions ??= this.#open();
    try {
      return await this.#partitions;
    } catch (error) {
      this.#partitions = undefined;
      throw error;
    }
  }

  async #partitionOf(shard: string): Promise<number> {
    const count = await this.#count();
    const { partitionOf } = this.options;
    if (partitionOf) return partitionOf(shard);
    let sum = 0;
    for (const byte of Buffer.from(shard)) sum = (sum * 31 + byte) % 2_147_483_647;
    return sum % count;
  }

  async read(shard: string): Promise<ReadonlyMap<string, Buffer>> {
    const partition = await this.#partitionOf(shard);
    const result = (this.#reading.get(partition) ?? Promise.resolve()).then(() =>
      this.#readPartition(partition, `${shard}\n`),
    );
    this.#reading.set(
      partition,
      result.catch(() => {}),
    );
    return result;
  }

  async #readPartition(partition: number, prefix: string): Promise<ReadonlyMap<string, Buffer>> {
    const { low, high } = await this.#admin.bounds(this.topic, partition);
    const values = new Map<string, Buffer>();
    if (high <= low) return values;
    const feed = await this.#reader.open(partition, low);
    try {
      await this.#fill(feed, high, prefix, values);
    } catch (error) {
      // Another try is not to meet the same membership.
      await this.#reader.close();
      throw error;
    } finally {
      this.#reader.drop(feed);
    }
    return values;
  }

  async #fill(feed: Feed, high: number, prefix: string, values: Map<string, Buffer>): Promise<void> {
    for (let idleMs = 0, next = 0; next < high; ) {
      const chunk = await feed.take(500);
      if (chunk === 'closed') throw new Error(`topic ${this.topic}: reading ended at ${next} of ${high}`);
      if (chunk === 'idle') {
        idleMs += 500;
        // The last records before the end may have been compacted away.
        if (idleMs >= 30_000) throw new Error(`topic ${this.topic}: no records between ${next} and ${high} in 30 s`);
        continue;
      }
      idleMs = 0;
      next = chunk.next;
      for (const { key, value } of chunk.records) {
        const name = key?.toString('utf8') ?? '';
        if (!name.startsWith(prefix)) continue;
        // Copied: a slice would keep the whole answer of the broker in memory.
        if (value) values.set(name, Buffer.from(value));
        else values.delete(name);
      }
    }
  }

  async write(
    shard: string,
    records: readonly { readonly key: string; readonly value: Uint8Array | null }[],
  ): Promise<void> {
    const partition = await this.#partitionOf(shard);
    this.#producer ??= this.#connect();
    try {
      const producer = await this.#producer;
      await producer.send({
        topic: this.topic,
        acks: -1,
        messages: records.map(({ key, value }) => ({
          partition,
          key,
          value: value === null ? null : Buffer.from(value),
        })),
      });
    } catch (error) {
      await this.#disconnect();
      throw error;
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      // A checkpoint that cannot be written must fail in time, not block the partition for ever.
      retry: { retries: 8 },
    });
    await producer.connect();
    return producer;
  }

  async #disconnect(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((one) => one.disconnect()).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#reader.close();
    await this.#disconnect();
    await this.#admin.close();
  }
}

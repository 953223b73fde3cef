import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { KafkaAdmin } from './admin.js';
import { Fetcher } from './fetcher.js';
import { RefusedSetting } from './refused-setting.js';
import { Sender } from './writer.js';

/** Who writes; after an error the count of records is no longer the broker's, and both are spent. */
interface Writing {
  readonly producer: Producer;
  readonly sender: Sender;
}

/** The newest value of every key of a compacted topic; the keys of one shard lie in one partition. */
export class KafkaTable {
  readonly #admin: KafkaAdmin;
  #writing: Promise<Writing> | undefined;
  #partitions: Promise<number> | undefined;
  readonly #fetcher: Fetcher;

  constructor(
    readonly kafka: Kafka,
    readonly topic: string,
    readonly options: {
      readonly partitions?: number;
      /** Field that names the topic, for errors. */
      readonly field?: string;
      /** Where the keys of a shard lie; by a hash of its name otherwise. */
      readonly partitionOf?: (shard: string) => number;
    } = {},
  ) {
    this.#admin = new KafkaAdmin(kafka);
    this.#fetcher = new Fetcher(kafka, topic, { fetchBytes: 2 ** 22 });
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
      const { field } = this.options;
      throw new RefusedSetting(
        `${field === undefined ? '' : `${field}: `}expected topic ${topic} to have cleanup.policy=compact, it has ${policy}: ` +
          'what is kept in it would vanish. Change that setting of the topic, or name another one',
      );
    }
    return (await this.#admin.partitions([topic])).get(topic) ?? 0;
  }

  async #partitionOf(shard: string): Promise<number> {
    this.#partitions ??= this.#open();
    try {
      const count = await this.#partitions;
      const { partitionOf } = this.options;
      if (partitionOf) return partitionOf(shard);
      let sum = 0;
      for (const byte of Buffer.from(shard)) sum = (sum * 31 + byte) % 2_147_483_647;
      return sum % count;
    } catch (error) {
      this.#partitions = undefined;
      throw error;
    }
  }

  async read(shard: string): Promise<ReadonlyMap<string, Buffer>> {
    const partition = await this.#partitionOf(shard);
    const { low, high } = await this.#admin.bounds(this.topic, partition);
    const values = new Map<string, Buffer>();
    for await (const { records } of this.#fetcher.read(partition, low, high)) {
      for (const { key, value } of records) {
        const name = key?.toString('utf8') ?? '';
        if (!name.startsWith(`${shard}\n`)) continue;
        // Copied: a slice would keep the whole answer of the broker in memory.
        if (value) values.set(name, Buffer.from(value));
        else values.delete(name);
      }
    }
    return values;
  }

  async write(
    shard: string,
    records: readonly { readonly key: string; readonly value: Uint8Array | null }[],
  ): Promise<void> {
    const { topic } = this;
    const partition = await this.#partitionOf(shard);
    this.#writing ??= this.#connect();
    try {
      const { producer, sender } = await this.#writing;
      const rows = records.map(({ key, value }) => ({
        ...{ topic, partition, key: Buffer.from(key) },
        value: value && Buffer.from(value.buffer, value.byteOffset, value.byteLength),
      }));
      await sender.send(rows, producer);
    } catch (error) {
      await this.#disconnect();
      throw error;
    }
  }

  async #connect(): Promise<Writing> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      // A checkpoint that cannot be written must fail in time, not block the partition for ever.
      retry: { retries: 8 },
    });
    await producer.connect();
    return { producer, sender: new Sender() };
  }

  async #disconnect(): Promise<void> {
    const writing = this.#writing;
    this.#writing = undefined;
    await writing?.then(({ producer }) => producer.disconnect()).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#fetcher.close();
    await this.#disconnect();
    await this.#admin.close();
  }
}

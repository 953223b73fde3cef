import { crc32 } from 'node:zlib';
import { KafkaAdmin } from '../connectors/kafka/admin.js';
import { type KafkaOptions, kafkaClient } from '../connectors/kafka/client.js';
import type { Compression } from '../connectors/kafka/compression-names.js';
import { misfitOf } from '../connectors/kafka/listener.js';
import { partitionOfKey } from '../connectors/kafka/partition.js';
import type { Outgoing } from '../connectors/kafka/record.js';
import { isFenced, isTooLarge, TransactionalWriter } from '../connectors/kafka/writer.js';
import type { Origin, Sink } from '../connectors/sink.js';
import type { Anomaly, Batch, Reject, Result } from '../event.js';
import { emptyDigest } from './kafka-digest.js';
import { type KafkaOutputs, OutputWriter } from './kafka-output.js';

/** The rows a topic can take. */
interface Kinds {
  readonly results: Result;
  readonly anomalies: Anomaly;
  readonly rejects: Reject;
}

export interface TopicSinkOptions<K extends keyof Kinds> {
  readonly kafka: KafkaOptions;
  readonly kind: K;
  readonly topic: string;
  /** How rows are written, as in a live run; only the entry of this kind counts. */
  readonly outputs: KafkaOutputs<Result>;
  /** Name of what is written: the same for the same input, range and pipeline, and no other. */
  readonly ledger: string;
  /** Topic and partition of a shard, where the input is one; else rows are spread by their keys. */
  readonly partitionOf?: (shard: string) => number;
  /** Name of the input in dead letters, and of the application. */
  readonly input: string;
  readonly app: string;
  readonly compression?: Compression;
  /** Rows of an earlier run are not taken for written. */
  readonly fresh?: boolean;
}

/** Rows of a shard that are in the topic, or on their way, and a checksum of all of them. */
interface Count {
  readonly rows: number;
  readonly sum: number;
}

const nothing: Count = { rows: 0, sum: 0 };
const sums = 2 ** 16;
const rowsPerCommit = 5000;
const bytesPerCommit = 4 * 2 ** 20;
const attemptsMax = 5;

/** What the topic holds is not what this run would have written. */
export class OtherRows extends Error {
  override readonly name = 'OtherRows';
}

/**
 * A topic as an output of a replay: every row once, whatever happens, with the keys, values, headers and partitions of a
 * live run. How many rows of each shard are in it is committed in their transaction, as the offset of a group of its own
 * (the ledger). A run that begins again, with checkpoint or without, makes the same rows; those that are there it leaves out.
 */
export class TopicSink<K extends keyof Kinds> implements Sink<Kinds[K]> {
  readonly name: string;
  readonly #kafka: ReturnType<typeof kafkaClient>;
  readonly #admin: KafkaAdmin;
  readonly #shards = new Map<string, { out: OutputWriter<Result>; made: Count; ledger: Count; partition: number }>();
  /** Rows of this run that were in the topic already. */
  found = 0;
  #byKey: (key: Buffer | string | null) => number = () => 0;
  #marks: ReadonlyMap<string, number> = new Map();
  #writer: TransactionalWriter | undefined;
  #pending: Outgoing[] = [];
  #pendingBytes = 0;
  #pendingShard = '';
  #broken = false;

  constructor(readonly options: TopicSinkOptions<K>) {
    this.name = `kafka:${options.topic}`;
    this.#kafka = kafkaClient(options.kafka);
    this.#admin = new KafkaAdmin(this.#kafka, 5000);
  }

  /** Makes the topic where it is not there; refuses one with fewer partitions than the input. Touches nothing else. */
  async prepare(partitions: number): Promise<void> {
    try {
      await this.#find(partitions);
    } finally {
      // It is opened again when it is needed. Who was refused, here or at another output, has nothing to close.
      await this.#admin.close();
    }
  }

  async #find(partitions: number): Promise<void> {
    const { topic, kafka } = this.options;
    try {
      const room = await this.#room();
      const config = room === undefined ? undefined : { 'max.message.bytes': String(room + 65_536) };
      await this.#admin.ensure([{ topic, partitions, ...(config ? { config } : {}) }]);
    } catch (error) {
      const where = `${topic} at ${kafka.brokers.join(',')}`;
      const misfit = await misfitOf(error, kafka);
      throw new Error(
        `--out: the topic ${where} can neither be found nor made: ${(error as Error).message}` +
          (misfit === undefined ? '' : `; ${misfit}, in the file for --run`),
        { cause: error },
      );
    }
    const count = (await this.#admin.partitions([topic])).get(topic) ?? 0;
    if (this.options.partitionOf && count < partitions) {
      throw new RangeError(
        `--out: expected topic ${topic} to have as many partitions as the input (${partitions}), it has ${count}: ` +
          'add partitions, or name another topic',
      );
    }
    this.#byKey = partitionOfKey(topic, count);
  }

  /** Dead letters are an input record and some headers: they must fit where they are to go. */
  async #room(): Promise<number | undefined> {
    if (!this.options.partitionOf) return undefined;
    const found = await this.#admin.setting(this.options.input, 'max.message.bytes').catch(() => undefined);
    return Number(found) || 1_048_588;
  }

  async open(_mark: number | undefined, marks: ReadonlyMap<string, number> = new Map()): Promise<void> {
    this.#marks = marks;
    if (this.options.fresh) await this.#admin.forget(this.options.ledger);
    this.#writer = await this.#fence();
  }

  #fence(): Promise<TransactionalWriter> {
    const { ledger, topic, compression } = this.options;
    return TransactionalWriter.open(this.#kafka, `${ledger}-${topic}`, {
      ...(compression ? { compression } : {}),
      transactionTimeoutMs: 60_000,
    });
  }

  async #shard(name: string) {
    const known = this.#shards.get(name);
    if (known) return known;
    const { input, app, outputs, kind, topic, partitionOf } = this.options;
    const partition = partitionOf?.(name) ?? 0;
    const mark = this.#marks.get(name) ?? 0;
    const made = { rows: Math.floor(mark / sums), sum: mark % sums };
    const ledger = await this.#ledger(partition);
    if (ledger.rows < made.rows) {
      throw new OtherRows(
        `topic ${topic}: the checkpoint says that ${made.rows} rows of ${name} were written, the topic's ledger ` +
          `(group ${this.options.ledger}) ${ledger.rows}: the topic was made anew, or the group's offsets have expired. ` +
          'Begin again with --fresh, into an empty topic',
      );
    }
    const at = { topic: input, partition, shard: name, app };
    const out = new OutputWriter<Result>({ [kind]: outputs[kind] }, at, emptyDigest);
    const shard = { out, made, ledger, partition };
    this.#shards.set(name, shard);
    return shard;
  }

  async #ledger(partition: number): Promise<Count> {
    const { ledger, topic } = this.options;
    const committed = await this.#admin.committed(ledger, topic, partition);
    if (!committed) return nothing;
    const sum = /^rows of engram replay, sum ([0-9a-f]{4})$/.exec(committed.metadata)?.[1];
    if (sum === undefined) {
      throw new OtherRows(`group ${ledger}: expected the ledger of a replay, somebody else has committed to it`);
    }
    return { rows: committed.offset, sum: Number.parseInt(sum, 16) };
  }

  async write(rows: readonly Kinds[K][], origin: Origin = { shard: this.options.input }): Promise<void> {
    const { kind, partitionOf } = this.options;
    if (this.#pendingShard !== origin.shard) await this.#commit();
    this.#pendingShard = origin.shard;
    const shard = await this.#shard(origin.shard);
    const given = { [kind === 'results' ? 'rows' : kind]: rows } as Partial<Batch<Result>>;
    const { held } = origin;
    const batch: Batch<Result> = {
      ...{ shard: origin.shard, rows: [], rejects: [], next: 0 },
      ...given,
      ...(held ? { held } : {}),
    };
    for (const row of shard.out.rows(batch, origin.records ?? [])) {
      shard.made = counted(shard.made, row);
      if (shard.made.rows > shard.ledger.rows) {
        this.#pending.push(partitionOf ? row : { ...row, partition: this.#byKey(row.key) });
        this.#pendingBytes += (row.key?.length ?? 0) + (row.value?.length ?? 0);
      } else {
        this.found++;
        if (shard.made.rows < shard.ledger.rows || shard.made.sum === shard.ledger.sum) continue;
        throw this.#others(origin.shard, shard.ledger);
      }
    }
    if (this.#pending.length >= rowsPerCommit || this.#pendingBytes >= bytesPerCommit) await this.#commit();
  }

  #others(shard: string, { rows }: Count): OtherRows {
    return new OtherRows(
      `topic ${this.options.topic}: its first ${rows} rows of ${shard} are not the ones this run makes: another release, ` +
        'another machine or another input wrote them. Name another topic, or write all of them again with --fresh',
    );
  }

  /** Puts what waits into the topic together with how much of the shard is there then. */
  async #commit(): Promise<void> {
    if (this.#pending.length === 0) return;
    const { topic, ledger: groupId } = this.options;
    const shard = await this.#shard(this.#pendingShard);
    const { made, partition } = shard;
    const metadata = `rows of engram replay, sum ${made.sum.toString(16).padStart(4, '0')}`;
    for (let attempt = 1; ; attempt++) {
      try {
        this.#writer ??= await this.#fence();
        // After a failure only the ledger knows whether it succeeded.
        const there = attempt === 1 ? shard.ledger : await this.#ledger(partition);
        if (there.rows === shard.ledger.rows) {
          await this.#writer.commit(this.#pending, { groupId, topic, partition, offset: made.rows, metadata });
        } else if (there.rows !== made.rows || there.sum !== made.sum) throw this.#others(this.#pendingShard, there);
        break;
      } catch (error) {
        await this.#writer?.close();
        this.#writer = undefined;
        const hopeless = error instanceof OtherRows || isFenced(error) || isTooLarge(error) || attempt === attemptsMax;
        if (!hopeless) {
          await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt));
          continue;
        }
        this.#broken = true;
        throw this.#explained(error as Error);
      }
    }
    shard.ledger = made;
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  #explained(error: Error): Error {
    const { topic } = this.options;
    if (isFenced(error)) {
      const why = 'another run writes the same replay into the same topic now';
      return new Error(`topic ${topic}: ${why}: stop one of the two`, { cause: error });
    }
    if (isTooLarge(error)) {
      return new Error(`topic ${topic}: a row is larger than it takes: raise its max.message.bytes`, { cause: error });
    }
    return error;
  }

  async flush(shard = this.#pendingShard): Promise<number> {
    await this.#commit();
    const { made } = await this.#shard(shard);
    return made.rows * sums + made.sum;
  }

  async close(): Promise<void> {
    try {
      if (!this.#broken) await this.#commit();
    } finally {
      await this.#writer?.close();
      await this.#admin.close();
    }
  }
}

/** One row more; each sum hangs on all rows before. */
function counted({ rows, sum }: Count, { key, value }: Outgoing): Count {
  const keyed = key === null ? sum : crc32(key, sum);
  return { rows: rows + 1, sum: (value === null ? keyed : crc32(value, keyed)) % sums };
}

import type { Batch, Event, Reject } from '../../event.js';
import type { Opening, Source } from '../source.js';
import { formatOf, timeReader } from '../times.js';
import { type Bounds, KafkaAdmin } from './admin.js';
import { type KafkaOptions, kafkaClient } from './client.js';
import { type Mapping, type PayloadCodec, RecordDecoder } from './decode.js';
import type { Chunk } from './feed.js';
import { GroupReader } from './group.js';

/** Where a replay begins or ends in each partition: an offset, a time (ISO 8601), or an end of the log. */
export type KafkaPlace = number | string;

export interface KafkaSourceOptions {
  readonly kafka: KafkaOptions;
  readonly topic: string;
  readonly codec: PayloadCodec;
  readonly mapping: Mapping;
  /** First record; `earliest` by default. */
  readonly from?: KafkaPlace;
  /** The record after the last; the end of the log at the beginning of the replay (`latest`) by default. */
  readonly to?: KafkaPlace;
}

/** A stretch of a topic to be read again: it commits nothing, and every partition is a log that ends. */
export class KafkaSource implements Source {
  readonly #kafka: ReturnType<typeof kafkaClient>;
  readonly #admin: KafkaAdmin;
  readonly #ranges = new Map<string, Bounds & { readonly partition: number }>();
  #reads = 0;

  constructor(readonly options: KafkaSourceOptions) {
    this.#kafka = kafkaClient(options.kafka);
    this.#admin = new KafkaAdmin(this.#kafka);
  }

  async open(): Promise<Opening> {
    const { topic, mapping, from = 'earliest', to = 'latest' } = this.options;
    try {
      const count = (await this.#admin.partitions([topic])).get(topic);
      if (!count) throw new Error(`expected a topic ${topic}, the cluster has none of that name`);
      const [first, last] = [await this.#places(from, 'from'), await this.#places(to, 'to')];
      for (let partition = 0; partition < count; partition++) {
        const { low, high } = await this.#admin.bounds(topic, partition);
        const begin = first(partition, { low, high });
        if (typeof from === 'number' && begin < low) {
          throw new RangeError(
            `from: expected an offset from ${low} on in partition ${partition} of ${topic}, got ${from}: older records are gone`,
          );
        }
        const end = Math.min(high, Math.max(begin, last(partition, { low, high })));
        this.#ranges.set(`${topic}-${partition}`, { partition, low: begin, high: end });
      }
    } finally {
      await this.#admin.close();
    }
    const ranges = [...this.#ranges.values()];
    return {
      shards: [...this.#ranges.keys()],
      channels: mapping.values,
      rows: ranges.reduce((sum, { low, high }) => sum + Math.max(0, high - low), 0),
    };
  }

  async #places(place: KafkaPlace, what: string): Promise<(partition: number, bounds: Bounds) => number> {
    if (place === 'earliest') return (_, { low }) => low;
    if (place === 'latest') return (_, { high }) => high;
    const offset = typeof place === 'number' ? place : /^\d{1,10}$/.test(place) ? Number(place) : undefined;
    if (offset !== undefined) return () => offset;
    const format = formatOf(place);
    const timeMs = format === undefined || format === 'either' ? Number.NaN : timeReader(format, 0)(place);
    if (Number.isNaN(timeMs)) {
      throw new TypeError(
        `${what}: expected earliest, latest, an offset or a time such as 2024-05-01T00:00:00Z, got ${place}`,
      );
    }
    const found = await this.#admin.offsetsAt(this.options.topic, timeMs);
    return (partition, { high }) => found.get(partition) ?? high;
  }

  async *read(shard: string, from: number, stop: AbortSignal): AsyncGenerator<Batch<Event>> {
    if (this.#ranges.size === 0) await this.open();
    const range = this.#ranges.get(shard);
    if (!range) throw new Error(`expected one of the shards ${[...this.#ranges.keys()].join(', ')}, got ${shard}`);
    const start = Math.max(from, range.low);
    if (start >= range.high) {
      yield { shard, rows: [], rejects: [], next: Math.max(from, range.high), ends: true };
      return;
    }
    const decoder = new RecordDecoder(this.options.codec, this.options.mapping, shard);
    for await (const chunk of this.#chunks(range.partition, start, stop)) {
      const records = chunk.records.filter(({ offset }) => offset < range.high);
      await decoder.codec.prepare?.(records);
      let rows: Event[] = [];
      let rejects: Reject[] = [];
      for (const record of records) {
        const decoded = decoder.decode(record);
        if ('mark' in decoded) {
          // A mark is taken in before the rows of its batch, so a batch begins with it.
          yield { shard, rows, rejects, next: record.offset };
          yield { shard, rows: [], rejects: [], marks: [decoded.mark], next: record.offset + 1 };
          [rows, rejects] = [[], []];
        } else if ('forget' in decoded) {
          // Forgetting comes after the rows of its batch, so the batch ends here.
          yield { shard, rows, rejects, next: record.offset + 1, forget: [decoded.forget] };
          [rows, rejects] = [[], []];
        } else if ('reason' in decoded) {
          const raw = record.value?.toString('utf8').slice(0, 4096) ?? '';
          rejects.push({ shard, offset: record.offset, stage: 'decode', ...decoded, raw });
        } else rows.push(decoded);
      }
      const ends = chunk.next >= range.high;
      yield { shard, rows, rejects, next: Math.min(chunk.next, range.high), ...(ends ? { ends } : {}) };
      if (ends || stop.aborted) return;
    }
  }

  /** The records of a partition through a membership of its own, in a group nobody else is in. */
  async *#chunks(partition: number, from: number, stop: AbortSignal): AsyncGenerator<Chunk> {
    const { topic } = this.options;
    const groupId = `engram-replay-${process.pid}-${process.hrtime.bigint()}-${this.#reads++}`;
    let told: (error?: Error) => void = () => {};
    const joined = new Promise<Error | undefined>((resolve) => {
      told = resolve;
    });
    const reader = new GroupReader(
      this.#kafka,
      { groupId, topics: [topic] },
      { assigned: () => told(), rebalancing() {}, heartbeat() {}, failed: told },
    );
    try {
      await reader.start();
      const error = await joined;
      if (error) throw error;
      const feed = reader.open(topic, partition, from);
      while (!stop.aborted) {
        const chunk = await feed.take(500);
        if (chunk === 'closed') throw new Error(`${topic}/${partition}: reading broke off at offset ${feed.seen}`);
        if (chunk !== 'idle') yield chunk;
      }
    } finally {
      await reader.stop().catch(() => {});
    }
  }
}

/** `kafka://host:port,host:port/topic?from=…&to=…` as its parts. */
export function parseKafkaUrl(url: string): { brokers: string[]; topic: string; from?: string; to?: string } {
  const parts = /^kafka:\/\/([^/?]+)\/([^/?]+)(?:\?(.*))?$/.exec(url);
  if (!parts) throw new TypeError(`expected kafka://host:port/topic?from=…&to=…, got ${url}`);
  const query = new URLSearchParams(parts[3] ?? '');
  for (const name of query.keys()) {
    if (name !== 'from' && name !== 'to')
      throw new TypeError(`${url}: expected from and to after the topic, got ${name}`);
  }
  const [from, to] = [query.get('from'), query.get('to')];
  return {
    brokers: parts[1].split(','),
    topic: decodeURIComponent(parts[2]),
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  };
}

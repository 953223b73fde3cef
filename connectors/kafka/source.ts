import { setImmediate as turn } from 'node:timers/promises';
import type { Batch, Event, Reject } from '../../event.js';
import { hint } from '../nearest.js';
import type { Opening, Source } from '../source.js';
import { KafkaAdmin } from './admin.js';
import { type KafkaOptions, kafkaClient } from './client.js';
import { type Mapping, type PayloadCodec, RecordDecoder } from './decode.js';
import { Fetcher } from './fetcher.js';
import { OutOfRange } from './group.js';
import { heldBy } from './held.js';
import { misfitOf } from './listener.js';
import { type KafkaPlace, parsePlace, type Stretch, stretchesOf } from './places.js';
import type { KafkaRecord } from './record.js';

export type { KafkaPlace } from './places.js';

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

/** Records per batch: as many as a live run folds at once. */
const sliceRows = 256;
/** Without a record for so long the replay ends. */
const patienceMs = 120_000;

/** A stretch of a topic to be read again: it joins no group and commits nothing, and every partition is a shard. */
export class KafkaSource implements Source {
  readonly #kafka: ReturnType<typeof kafkaClient>;
  #stretches: Promise<ReadonlyMap<string, Stretch>> | undefined;
  readonly #fetcher: Fetcher;

  constructor(readonly options: KafkaSourceOptions) {
    this.#kafka = kafkaClient(options.kafka);
    this.#fetcher = new Fetcher(this.#kafka, options.topic, { patienceMs });
  }

  async open(): Promise<Opening> {
    const { topic, mapping, codec, from = 'earliest' } = this.options;
    const stretches = await this.#opened();
    const { settings, channels, categories } = new RecordDecoder(codec, mapping, topic);
    const spans = new Map([...stretches].map(([shard, { from, to }]) => [shard, { from, to: Math.max(from, to) }]));
    return {
      shards: [...stretches.keys()],
      channels,
      ...(categories.length > 0 ? { categories } : {}),
      rows: [...spans.values()].reduce((sum, { from, to }) => sum + to - from, 0),
      spans,
      goesOn: true,
      partitions: stretches.size,
      // Where it ends may move on from one run to the next.
      identity: JSON.stringify({ topic, from, partitions: stretches.size, decoder: settings }),
    };
  }

  #opened(): Promise<ReadonlyMap<string, Stretch>> {
    this.#stretches ??= this.#ask();
    return this.#stretches;
  }

  async #ask(): Promise<ReadonlyMap<string, Stretch>> {
    const { topic, from, to, kafka } = this.options;
    const admin = new KafkaAdmin(this.#kafka, 2000);
    try {
      const count = (await admin.partitions([topic]).catch(unreachable(kafka))).get(topic);
      if (!count) {
        const known = hint(topic, await admin.topics());
        throw new Error(`expected a topic, the cluster has none called ${JSON.stringify(topic)}${known}`);
      }
      const found = await stretchesOf(admin, topic, from, to);
      return new Map(found.map((stretch) => [`${topic}-${stretch.partition}`, stretch]));
    } catch (error) {
      this.#stretches = undefined;
      throw error;
    } finally {
      await admin.close();
    }
  }

  async #stretch(shard: string): Promise<Stretch> {
    const stretches = await this.#opened();
    const found = stretches.get(shard);
    if (found) return found;
    throw new Error(`expected one of the shards ${[...stretches.keys()].join(', ')}, got ${shard}`);
  }

  /** A fresh start needs its first record, a resumed one the record behind the checkpoint. */
  async starts(shard: string, from: number): Promise<void> {
    const { asked, partition, bounds } = await this.#stretch(shard);
    const { low, high } = bounds;
    const place = `partition ${partition} of ${this.options.topic}`;
    if (from === 0 && asked !== undefined && asked < low) {
      throw new RangeError(
        `from: expected an offset from ${low} on in ${place}, got ${asked}: older records are gone by retention. ` +
          'from=earliest begins with the first that is left',
      );
    }
    if (from > 0 && from < low) {
      throw new RangeError(
        `${place} was read up to offset ${from} and now begins at ${low}: what lies between is gone by retention, so the ` +
          'run cannot go on. --fresh begins again with what is left',
      );
    }
    if (from > high) {
      throw new RangeError(
        `${place} was read up to offset ${from} and now ends at ${high}: it is not the log the checkpoint was made with. ` +
          'Name that one, or begin again with --fresh',
      );
    }
  }

  async *read(shard: string, from: number, stop: AbortSignal): AsyncGenerator<Batch<Event>> {
    const { partition, ...stretch } = await this.#stretch(shard);
    const begin = Math.max(from, stretch.from);
    if (begin >= stretch.to) {
      yield { shard, rows: [], rejects: [], next: begin, ends: true };
      return;
    }
    const decoder = new RecordDecoder(this.options.codec, this.options.mapping, shard);
    try {
      for await (const { records, next } of this.#fetcher.read(partition, begin, stretch.to, stop)) {
        await decoder.codec.prepare?.(records);
        const within = records.filter(({ offset }) => offset < stretch.to);
        for (const batch of batchesOf(decoder, shard, within, Math.min(next, stretch.to))) {
          yield next >= stretch.to && batch.next === stretch.to ? { ...batch, ends: true } : batch;
          if (stop.aborted) return;
          // Fetching has its turn.
          await turn();
        }
      }
    } catch (error) {
      if (!(error instanceof OutOfRange)) throw error;
      throw new Error(`${error.message}: it is gone by retention while it was being read`, { cause: error });
    }
  }

  async nothing(): Promise<string> {
    const { topic, from = 'earliest', to = 'latest', mapping } = this.options;
    const stretches = await this.#opened();
    const bounds = new Map([...stretches.values()].map((stretch) => [stretch.partition, stretch.bounds]));
    const fetcher = new Fetcher(this.#kafka, topic, { fetchBytes: 65_536, patienceMs: 2000 });
    try {
      const held = await heldBy(topic, bounds, fetcher);
      const byTime = [from, to].some((place) => parsePlace(place, 'from').kind === 'time');
      const clock =
        byTime && mapping.time !== undefined
          ? `. Times are those that records were written with, not those in ${mapping.time}`
          : '';
      return `no row lies in the range from=${from} to=${to}: ${held}${clock}`;
    } finally {
      await fetcher.close();
    }
  }

  close(): Promise<void> {
    return this.#fetcher.close();
  }
}

/** What a decoder makes of records, in batches; a key is forgotten after the rows of its batch, so that ends there. */
function* batchesOf(
  decoder: RecordDecoder,
  shard: string,
  all: readonly KafkaRecord[],
  next: number,
): Generator<Batch<Event>> {
  let rows: Event[] = [];
  let rejects: Reject[] = [];
  let begin = 0;
  const cut = (end: number, upTo: number, forget?: string): Batch<Event> => {
    const records = all.slice(begin, end);
    const batch = { shard, rows, rejects, records, next: upTo, ...(forget === undefined ? {} : { forget: [forget] }) };
    [rows, rejects, begin] = [[], [], end];
    return batch;
  };
  for (let at = 0; at < all.length; at++) {
    const record = all[at];
    const other = decoder.decodeInto(rows, record);
    if (other && 'mark' in other) {
      // A mark is taken in before the rows of its batch, so a batch begins with it.
      if (at > begin) yield cut(at, record.offset);
      yield { ...cut(at + 1, record.offset + 1), marks: [other.mark] };
    } else if (other && 'forget' in other) yield cut(at + 1, record.offset + 1, other.forget);
    else if (other) {
      const raw = record.value?.toString('utf8').slice(0, 4096) ?? '';
      rejects.push({ shard, offset: record.offset, stage: 'decode', ...other, raw });
    }
    if (at + 1 - begin >= sliceRows || rows.length >= 4 * sliceRows) yield cut(at + 1, record.offset + 1);
  }
  if (begin < all.length || all.length === 0 || all[all.length - 1].offset + 1 < next) yield cut(all.length, next);
}

function unreachable(kafka: KafkaOptions): (error: Error) => Promise<never> {
  return async (error) => {
    const { brokers, login, tls } = kafka;
    const how = `${tls ? 'with' : 'without'} TLS, ${login ? `login ${login.mechanism}` : 'without login'}`;
    const misfit = await misfitOf(error, kafka);
    const advice =
      misfit === undefined
        ? '. Check address and port; TLS and login stand in the file for --run'
        : `; ${misfit}, in the file for --run`;
    throw new Error(`the cluster at ${brokers.join(',')} cannot be asked (${how}): ${error.message}${advice}`, {
      cause: error,
    });
  };
}

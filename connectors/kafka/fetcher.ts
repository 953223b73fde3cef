import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { isPassing } from './admin.js';
import { CommittedFilter, type Decided } from './committed.js';
import { OutOfRange } from './group.js';
import { type Links, linksOf } from './internals.js';
import type { RawRecord } from './record.js';

export interface FetcherOptions {
  /** Bytes of a partition that come with one answer; a batch that is larger comes whole. */
  readonly fetchBytes?: number;
  /** Bytes that may wait for the end of their transaction. */
  readonly heldBytesMax?: number;
  /** Without a record, or without an answer, reading ends after so long. */
  readonly patienceMs?: number;
}

/** How long a broker waits for records where there are none. */
const waitMs = 100;
const backoffMs = { first: 50, most: 2000 };

/**
 * Reads stretches of a topic from the leaders of its partitions, as far as readers of committed records may see, and is in
 * no group: nobody has to let it into one, and no broker lets it wait for other members.
 */
export class Fetcher {
  #links: Promise<Links> | undefined;
  /** Counts the calls of `close`. */
  #closed = 0;

  constructor(
    readonly kafka: Kafka,
    readonly topic: string,
    readonly options: FetcherOptions = {},
  ) {}

  /** The records from one offset up to another, as they come, the next ones being fetched meanwhile. */
  async *read(partition: number, from: number, to: number, stop?: AbortSignal): AsyncGenerator<Decided> {
    const { heldBytesMax, patienceMs = 30_000 } = this.options;
    const filter = new CommittedFilter(from, heldBytesMax);
    const place = `partition ${partition} of ${this.topic}`;
    const begun = this.#closed;
    let ahead: Promise<readonly RawRecord[]> | undefined;
    let pauseMs = backoffMs.first;
    for (let sinceMs = performance.now(); filter.next < to && !stop?.aborted; ) {
      if (this.#closed !== begun) throw new Error(`${place}: reading was ended at offset ${filter.seen}`);
      let messages: readonly RawRecord[];
      try {
        messages = await (ahead ?? this.#fetch(partition, filter.seen));
        ahead = undefined;
        pauseMs = backoffMs.first;
      } catch (error) {
        ahead = undefined;
        if ((error as { type?: string }).type === 'OFFSET_OUT_OF_RANGE') {
          throw new OutOfRange(`${place}: the log does not hold offset ${filter.seen}`, { cause: error });
        }
        if (this.#closed !== begun || !isPassing(error) || performance.now() - sinceMs > patienceMs) throw error;
        // The leader has moved, or the connection is gone.
        await this.#disconnect();
        await sleep(pauseMs);
        pauseMs = Math.min(2 * pauseMs, backoffMs.most);
        continue;
      }
      if (messages.length === 0) {
        if (performance.now() - sinceMs > patienceMs) {
          throw new Error(`${place}: no records came between offsets ${filter.seen} and ${to}`);
        }
        continue;
      }
      sinceMs = performance.now();
      const decided = filter.push(messages);
      if (filter.seen < to) {
        ahead = this.#fetch(partition, filter.seen);
        // Whoever waits for it hears of it; nobody may.
        ahead.catch(() => {});
      }
      yield decided;
    }
  }

  async #fetch(partition: number, from: number): Promise<readonly RawRecord[]> {
    const { topic, options } = this;
    const maxBytes = options.fetchBytes ?? 2 ** 20;
    this.#links ??= this.#connect();
    const links = await this.#links;
    const [nodeId] = Object.keys(links.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) throw new RangeError(`topic ${topic} has no partition ${partition}`);
    const broker = await links.findBroker({ nodeId });
    const { responses } = await broker.fetch({
      ...{ maxWaitTime: waitMs, minBytes: 1, maxBytes, isolationLevel: 1 },
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes }] }],
    });
    return responses[0]?.partitions[0]?.messages ?? [];
  }

  async #connect(): Promise<Links> {
    const links = linksOf(this.kafka);
    try {
      await links.connect();
      await links.addTargetTopic(this.topic);
      return links;
    } catch (error) {
      await links.disconnect().catch(() => {});
      throw error;
    }
  }

  async #disconnect(): Promise<void> {
    const links = this.#links;
    this.#links = undefined;
    await links?.then((one) => one.disconnect()).catch(() => {});
  }

  /** Ends reads that are going on; a later one connects again. */
  async close(): Promise<void> {
    this.#closed++;
    await this.#disconnect();
  }
}

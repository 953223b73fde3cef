import type { Kafka } from 'kafkajs';
import type { Feed } from './feed.js';
import { type GroupOptions, GroupReader } from './group.js';

interface Membership {
  readonly reader: GroupReader;
  /** Resolves with the first assignment. */
  readonly joined: Promise<void>;
  /** Whoever waits for that waits in vain. */
  readonly fail: (error: Error) => void;
}

let groups = 0;

/**
 * Reads a topic as the only member of a group: kafkajs fetches for members of groups only. Brokers let the first member
 * of a new group wait, for three seconds by default, so it joins once, when it is first needed or told to `join`, and
 * stays; after the membership has ended the next one who opens something joins another group.
 */
export class LoneReader {
  #membership: Membership | undefined;

  constructor(
    readonly kafka: Kafka,
    readonly topic: string,
    /** What the names of its groups begin with. */
    readonly prefix: string,
    readonly options: Omit<GroupOptions, 'groupId' | 'topics'> = {},
  ) {}

  /** Joins, if that is not done; throws what the cluster has against it. */
  async join(): Promise<void> {
    this.#membership ??= this.#begin();
    const membership = this.#membership;
    try {
      await membership.joined;
    } catch (error) {
      await this.#end(membership);
      throw error;
    }
  }

  /** The records of a partition from an offset on, in a feed that takes the place of any before. */
  async open(partition: number, from: number): Promise<Feed> {
    await this.join();
    if (!this.#membership) throw new Error(`topic ${this.topic}: reading ended before it began`);
    return this.#membership.reader.open(this.topic, partition, from);
  }

  drop(feed: Feed): void {
    feed.close();
    this.#membership?.reader.drop(feed);
  }

  /** Leaves the group; feeds that are open end. */
  async close(): Promise<void> {
    if (this.#membership) await this.#end(this.#membership);
  }

  #begin(): Membership {
    const groupId = `${this.prefix}-${process.pid}-${process.hrtime.bigint()}-${groups++}`;
    const { promise: joined, resolve, reject } = withResolvers();
    // Who only said `join` need not hear of it: the next one who opens something does.
    joined.catch(() => {});
    const reader = new GroupReader(
      this.kafka,
      { ...this.options, groupId, topics: [this.topic] },
      {
        assigned: () => resolve(),
        rebalancing() {},
        heartbeat() {},
        failed: (error) => {
          reject(error);
          if (this.#membership === membership) void this.#end(membership);
        },
      },
    );
    const membership: Membership = { reader, joined, fail: reject };
    // What was still trying to connect when it was stopped has nobody to serve once it has.
    void reader.start().then(() => {
      if (this.#membership !== membership) return reader.stop().catch(() => {});
    }, reject);
    return membership;
  }

  async #end(membership: Membership): Promise<void> {
    if (this.#membership === membership) this.#membership = undefined;
    membership.fail(new Error(`topic ${this.topic}: the reader was closed`));
    await membership.reader.stop().catch(() => {});
  }
}

/** As `Promise.withResolvers`, which Node has from 22 on. */
function withResolvers() {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

import type { Consumer, Kafka } from 'kafkajs';
import { Feed, type FeedOptions } from './feed.js';
import { type BrokerLink, type RawBatch, watch } from './internals.js';
import { stickyAssigner, type TopicPartition } from './sticky.js';

/** What the owner of a group membership is told. All calls are synchronous and must return soon. */
export interface GroupListener {
  /** After every join: all that this member owns now. Feeds of partitions it lost have been closed. */
  assigned(owned: readonly TopicPartition[]): void;
  /** The group is sharing out anew; what is owned now may be lost. */
  rebalancing(): void;
  /** The group still counts on this member. */
  heartbeat(): void;
  /** The membership has ended with an error. */
  failed(error: Error): void;
}

export interface GroupOptions extends FeedOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** A member that is silent for longer loses its partitions. */
  readonly sessionTimeoutMs?: number;
  readonly heartbeatMs?: number;
  readonly rebalanceTimeoutMs?: number;
  /** A fetch without news returns after this long; also how soon a paused partition flows again. */
  readonly fetchWaitMs?: number;
  readonly fetchBytesMax?: number;
  /** How often the cluster is asked what partitions the topics have; new ones make the group share out anew. */
  readonly metadataMs?: number;
}

/** The log no longer holds the offset a feed asked for, or does not hold it yet. */
export class OutOfRange extends Error {
  override readonly name = 'OutOfRange';
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/** Who coordinates a group is being found or is reading up on it: after a start of the cluster, or a move. */
const coordinating = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
]);
/** Leaving takes no longer; after that the group notices by itself. */
const leaveMs = 3000;
const coordinator = { patienceMs: 60_000, waitMs: 200 };

/** A membership in a consumer group, with one feed per partition. It commits nothing by itself. */
export class GroupReader {
  readonly #consumer: Consumer;
  readonly #feeds = new Map<string, Feed>();
  readonly #unwatch: () => void;
  #owned: readonly TopicPartition[] = [];
  readonly #coordinators = new Set<BrokerLink>();
  #memberId: string | undefined;
  #joinedMs = 0;
  /** When a coordinator that was not ready was first met since the last join. */
  #unreadyMs: number | undefined;
  #stopped = false;
  /** Between two memberships kafkajs takes no orders; the next join says everything again. */
  #running = false;

  constructor(
    kafka: Kafka,
    readonly options: GroupOptions,
    readonly listener: GroupListener,
  ) {
    const { sessionTimeoutMs = 30_000, heartbeatMs = 3000, rebalanceTimeoutMs = 60_000 } = options;
    this.#consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      maxWaitTimeInMs: options.fetchWaitMs ?? 100,
      minBytes: 1,
      maxBytesPerPartition: options.fetchBytesMax ?? 2 ** 20,
      allowAutoTopicCreation: false,
      metadataMaxAge: options.metadataMs ?? 30_000,
      partitionAssigners: [
        stickyAssigner(() => ({ owned: this.#owned.filter(this.#isOpen), sinceMs: this.#joinedMs })),
      ],
      retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 10, restartOnFailure: (error) => this.#waits(error) },
    });
    this.#unwatch = watch(options.groupId, {
      memberId: () => this.#memberId,
      coordinator: (link) => this.#keep(link),
      outOfRange: (topic, partition) => this.#outOfRange(topic, partition),
    });
    const { GROUP_JOIN, REBALANCING, HEARTBEAT, STOP, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#joined(payload.memberId, payload.memberAssignment));
    this.#consumer.on(STOP, () => {
      this.#running = false;
    });
    this.#consumer.on(REBALANCING, () => listener.rebalancing());
    this.#consumer.on(HEARTBEAT, () => listener.heartbeat());
    this.#consumer.on(CRASH, ({ payload }) => {
      if (payload.restart) return;
      this.#closeFeeds();
      listener.failed(payload.error);
    });
  }

  readonly #isOpen = ({ topic, partition }: TopicPartition): boolean =>
    this.#feeds.get(nameOf(topic, partition))?.ended === false;

  /** kafkajs gives a join up at the first word that the coordinator is not ready yet: then it begins again, after a while. */
  async #waits(error: Error): Promise<boolean> {
    if (!isCoordinating(error)) return false;
    this.#unreadyMs ??= performance.now();
    if (performance.now() - this.#unreadyMs > coordinator.patienceMs) return false;
    await new Promise((resolve) => setTimeout(resolve, coordinator.waitMs));
    return !this.#stopped;
  }

  /** Joins the group; resolves before the first assignment. */
  async start(): Promise<void> {
    await this.#consumer.connect();
    // Where a group has no offset kafkajs would begin at the end by default; every feed seeks anyway.
    await this.#consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 16,
      eachBatch: async ({ batch, resolveOffset, isStale, isRunning }) => {
        const feed = this.#feeds.get(nameOf(batch.topic, batch.partition));
        if (!feed || feed.ended || isStale() || !isRunning()) return;
        // No waiting in here: the next fetch and the heartbeat come after it.
        if (feed.push(batch as unknown as RawBatch)) resolveOffset(String(feed.seen - 1));
        else this.#seek(feed);
      },
    });
  }

  #joined(memberId: string, assignment: Record<string, number[]>): void {
    this.#memberId = memberId;
    this.#joinedMs = Date.now();
    this.#unreadyMs = undefined;
    this.#running = true;
    this.#owned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    const names = new Set(this.#owned.map(({ topic, partition }) => nameOf(topic, partition)));
    for (const [name, feed] of this.#feeds) if (!names.has(name)) this.drop(feed);
    for (const { topic, partition } of this.#owned) {
      const feed = this.#feeds.get(nameOf(topic, partition));
      // A join forgets all positions: feeds that go on say again where they are, the others wait for theirs.
      if (feed && !feed.ended) this.#seek(feed);
      if (!feed || feed.ended || feed.paused) this.#flow('pause', topic, partition);
    }
    this.listener.assigned(this.#owned);
  }

  #seek({ topic, partition, seen }: Feed): void {
    if (this.#running) this.#consumer.seek({ topic, partition, offset: String(seen) });
  }

  #flow(how: 'pause' | 'resume', topic: string, partition: number): void {
    if (this.#running) this.#consumer[how]([{ topic, partitions: [partition] }]);
  }

  /** Remembers who coordinates, to be closed at the end; the one before last is of no more use. */
  #keep(link: BrokerLink): void {
    if (this.#coordinators.has(link)) return;
    this.#coordinators.add(link);
    const [old] = this.#coordinators;
    if (this.#coordinators.size <= 2) return;
    this.#coordinators.delete(old);
    void old.disconnect().catch(() => {});
  }

  #outOfRange(topic: string, partition: number): void {
    this.#flow('pause', topic, partition);
    const feed = this.#feeds.get(nameOf(topic, partition));
    feed?.fail(new OutOfRange(`${nameOf(topic, partition)}: the log does not hold offset ${feed.seen}`));
  }

  /** Lets the records of an owned partition flow from an offset on, into a feed that takes the place of any before. */
  open(topic: string, partition: number, from: number): Feed {
    const name = nameOf(topic, partition);
    this.#feeds.get(name)?.close();
    const tap = {
      pause: () => this.#flow('pause', topic, partition),
      resume: () => this.#flow('resume', topic, partition),
    };
    const feed = new Feed(topic, partition, from, tap, this.options);
    this.#feeds.set(name, feed);
    this.#seek(feed);
    tap.resume();
    return feed;
  }

  /** Stops the flow into a feed. */
  drop(feed: Feed): void {
    feed.close();
    const name = nameOf(feed.topic, feed.partition);
    if (this.#feeds.get(name) !== feed) return;
    this.#feeds.delete(name);
    this.#flow('pause', feed.topic, feed.partition);
  }

  /** Commits as a member of the group: refused by the broker once the partitions belong to another generation. */
  commitOffsets(positions: { topic: string; partition: number; offset: string; metadata: string }[]): Promise<void> {
    return this.#consumer.commitOffsets(positions);
  }

  #closeFeeds(): void {
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
    this.#owned = [];
  }

  /** Leaves the group, so that the others need not wait for the session to end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#closeFeeds();
    this.#unwatch();
    // A join may wait for others, or for a member that is gone: who wants to stop does not wait with it.
    const left = this.#consumer.disconnect();
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, leaveMs).unref())]);
    left.catch(() => {});
    await Promise.all([...this.#coordinators].map((link) => link.disconnect().catch(() => {})));
  }
}

function isCoordinating(error: unknown): boolean {
  const { type, cause } = error as { type?: string; cause?: unknown };
  return coordinating.has(String(type)) || (cause instanceof Error && isCoordinating(cause));
}

import { KafkaAdmin } from '../connectors/kafka/admin.js';
import { kafkaClient } from '../connectors/kafka/client.js';
import { RecordDecoder } from '../connectors/kafka/decode.js';
import { GroupReader } from '../connectors/kafka/group.js';
import { namingSetting } from '../connectors/kafka/refused-setting.js';
import { namingRight } from '../connectors/kafka/rights.js';
import type { TopicPartition } from '../connectors/kafka/sticky.js';
import { isFenced, PlainWriter, TransactionalWriter } from '../connectors/kafka/writer.js';
import type { Event } from '../event.js';
import { awaitCluster } from './kafka-cluster.js';
import { endingOf } from './kafka-endings.js';
import { formerId, transactionalId } from './kafka-ids.js';
import { LagWatch } from './kafka-lag.js';
import type { WorkerEvent, WorkerOptions } from './kafka-options.js';
import { partitionsChanged } from './kafka-restore.js';
import { KafkaTask } from './kafka-task.js';
import { prepareTopics, refuseOldBrokers } from './kafka-topics.js';

/** A partition this process answers for, with the task that works on it now. */
interface Slot {
  readonly at: TopicPartition;
  readonly shard: string;
  readonly done: Promise<void>;
  task: Pick<KafkaTask<never>, 'live' | 'next' | 'committed' | 'stop' | 'suspect'> | undefined;
  owned: boolean;
  wake: () => void;
}

const backoffMs = { first: 100, most: 10_000 };

/** A member of a consumer group that runs a task for every partition it is given, until it is stopped. */
export class KafkaWorker<B extends Event> {
  readonly #kafka: ReturnType<typeof kafkaClient>;
  readonly #admin: KafkaAdmin;
  readonly #slots = new Map<string, Slot>();
  /** Work on partitions that were given up, until it is done. */
  readonly #leaving = new Set<Promise<void>>();
  #partitions = 0;
  #reader: GroupReader | undefined;
  /** How often the group has counted on this process: heartbeats it took, and assignments. */
  #counted = 0;
  #stopping = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(readonly options: WorkerOptions<B>) {
    this.#kafka = kafkaClient(options.kafka);
    this.#admin = new KafkaAdmin(this.#kafka, 30_000, 3);
  }

  /** Every partition of this process is restored and live; false before the first assignment. */
  get ready(): boolean {
    return this.#slots.size > 0 && [...this.#slots.values()].every(({ task }) => task?.live);
  }

  /** Shards this process answers for, and whether each is live. */
  get shards(): { shard: string; live: boolean; next: number }[] {
    return [...this.#slots.values()].map(({ shard, task }) => ({
      shard,
      live: task?.live ?? false,
      next: task?.next ?? -1,
    }));
  }

  /** Joins the group and works; resolves after an orderly stop, rejects with the reason that ended it. */
  async run(stop: AbortSignal): Promise<void> {
    const onStop = (): void => {
      this.#stopping = true;
      this.#emit({ type: 'stopping' });
      this.#admin.hurry();
      this.#wake();
    };
    stop.addEventListener('abort', onStop);
    if (stop.aborted) onStop();
    const lag = new LagWatch(new KafkaAdmin(this.#kafka, 1000, 3), this.options, {
      committed: () => new Map([...this.#slots.values()].map(({ at, task }) => [at.partition, task?.committed])),
      onLag: (partition, behind) => this.#emit({ type: 'lag', shard: `${this.options.input}-${partition}`, ...behind }),
    });
    try {
      const { kafka, lagMs } = this.options;
      const recent = await awaitCluster(kafka, stop, (event) => this.#emit(event));
      if (recent === undefined) return;
      refuseOldBrokers(recent, this.options);
      this.#partitions = await prepareTopics(this.#admin, {
        ...this.options,
        onEvent: (event) => this.#emit(event),
      });
      lag.start(lagMs ?? 10_000);
      for (let waitMs = backoffMs.first; !this.#stopping && !this.#failure; ) {
        const began = Date.now();
        await this.#membership();
        if (this.#stopping || this.#failure) break;
        waitMs = Date.now() - began > 60_000 ? backoffMs.first : Math.min(waitMs * 2, backoffMs.most);
        await this.#sleep(waitMs);
      }
    } finally {
      stop.removeEventListener('abort', onStop);
      await lag.stop();
      await this.#admin.close().catch(() => {});
    }
    if (this.#failure) throw this.#failure;
  }

  /** One membership, from joining to the end, be it asked for or not. */
  async #membership(): Promise<void> {
    const { options } = this;
    let ended = false;
    const rights = { topic: `Read on topic ${options.input}`, group: `Read on group ${options.groupId}` };
    const end = async (failure: Error): Promise<void> => {
      const error = await this.#explained(namingRight(failure, rights));
      this.#emit({ type: 'reader-failed', error });
      // Waiting does not help.
      this.#failure ??= endingOf(error, options.groupId);
      ended = true;
      this.#wake();
    };
    const reader = new GroupReader(
      this.#kafka,
      { ...options, topics: [options.input] },
      {
        assigned: (owned) => this.#assigned(owned),
        rebalancing: () => this.#emit({ type: 'rebalancing' }),
        heartbeat: () => {
          this.#counted++;
          this.#emit({ type: 'heartbeat' });
        },
        failed: (error) => void end(error),
      },
    );
    this.#reader = reader;
    const starting = reader.start().catch(end);
    while (!ended && !this.#stopping && !this.#failure) await this.#sleep(60_000);
    // Tasks finish and save while the membership still holds; then the group is left at once.
    for (const slot of this.#slots.values()) this.#release(slot);
    this.#slots.clear();
    await Promise.all(this.#leaving);
    await reader.stop().catch(() => {});
    // What was still trying to connect has nobody to serve once it has.
    void starting.then(() => reader.stop().catch(() => {}));
  }

  #assigned(owned: readonly TopicPartition[]): void {
    this.#counted++;
    const { partitionsMax = 50 } = this.options;
    if (owned.length > partitionsMax) {
      const advice = 'start more processes, or raise it';
      this.#fail(new Error(`assigned ${owned.length} partitions, partitionsMax is ${partitionsMax}: ${advice}`));
      return;
    }
    const { input } = this.options;
    const count = Math.max(0, ...owned.map(({ partition }) => partition + 1));
    // Not one record of a partition that was added may be worked on.
    if (count > this.#partitions) {
      this.#fail(partitionsChanged(input, this.#partitions, count));
      return;
    }
    void this.#recount();
    const shards = owned.map(({ topic, partition }) => `${topic}-${partition}`);
    this.#emit({ type: 'assigned', shards });
    for (const [shard, slot] of this.#slots) {
      if (!shards.includes(shard)) {
        this.#release(slot);
        this.#slots.delete(shard);
        this.#emit({ type: 'revoked', shard });
      } else slot.task?.suspect();
      slot.wake();
    }
    for (const at of owned) {
      const shard = `${at.topic}-${at.partition}`;
      if (!this.#slots.has(shard) && !this.#stopping) this.#slots.set(shard, this.#slot(at, shard));
    }
  }

  /** Partitions that were added meanwhile have taken keys away from their memories: nothing may go on as if they had not. */
  async #recount(): Promise<void> {
    const { input } = this.options;
    const count = (await this.#admin.partitions([input]).catch(() => undefined))?.get(input);
    if (count !== undefined && count !== this.#partitions)
      this.#fail(partitionsChanged(input, this.#partitions, count));
  }

  #release(slot: Slot): void {
    this.#leaving.add(slot.done);
    void slot.done.finally(() => this.#leaving.delete(slot.done));
    slot.owned = false;
    slot.task?.stop();
    slot.wake();
  }

  #slot(at: TopicPartition, shard: string): Slot {
    const slot: Slot = { at, shard, done: Promise.resolve(), task: undefined, owned: true, wake: () => {} };
    return Object.assign(slot, { done: this.#keepWorking(slot) });
  }

  /** Builds a task, lets it work, and builds another one when it fails, for as long as the partition is owned. */
  async #keepWorking(slot: Slot): Promise<void> {
    for (let waitMs = backoffMs.first; slot.owned && !this.#failure; ) {
      // Let the assignment finish before the first request.
      await Promise.resolve();
      const task = this.#task(slot);
      slot.task = task;
      try {
        await task.run();
        slot.task = undefined;
        waitMs = backoffMs.first;
      } catch (failure) {
        slot.task = undefined;
        if (!slot.owned) return;
        const fenced = isFenced(failure);
        // From here on: what the group said before the fence may be why there was one.
        const counted = this.#counted;
        const error = await this.#explained(failure);
        this.#emit({ type: 'dropped', shard: slot.shard, error, fenced });
        const ending = endingOf(error, slot.shard);
        if (ending) {
          this.#fail(ending);
          return;
        }
        // Whoever fenced this task may own the partition: go on only when the group still counts on us.
        while (fenced && slot.owned && this.#counted === counted && !this.#failure) await pause(slot, 200);
        if (task.commits > 0) waitMs = backoffMs.first;
        await pause(slot, waitMs);
        waitMs = Math.min(waitMs * 2, backoffMs.most);
        continue;
      }
      // The feed was closed although the partition is owned: the membership is being renewed.
      if (slot.owned) await pause(slot, 100);
    }
  }

  #task(slot: Slot): KafkaTask<B> {
    const { options } = this;
    const { topic, partition } = slot.at;
    const { groupId, compression, transactionTimeoutMs, mode = 'exactly-once' } = options;
    const reader = this.#reader as GroupReader;
    const writing = {
      ...(compression ? { compression } : {}),
      ...(transactionTimeoutMs ? { transactionTimeoutMs } : {}),
    };
    const decoder = new RecordDecoder(options.codec, options.mapping, slot.shard);
    return new KafkaTask<B>(
      { ...options, topic, partition, partitions: this.#partitions, decoder },
      {
        writer: () =>
          mode === 'exactly-once'
            ? TransactionalWriter.open(this.#kafka, transactionalId(groupId, topic, partition), {
                ...writing,
                formerIds: [formerId(groupId, topic, partition)],
              })
            : PlainWriter.open(this.#kafka, reader, writing),
        committed: () => this.#admin.committed(groupId, topic, partition),
        bounds: () => this.#admin.bounds(topic, partition),
        open: (from) => reader.open(topic, partition, from),
        drop: (feed) => reader.drop(feed),
        onEvent: (event) => this.#emit({ ...event, shard: slot.shard }),
        nowMs: () => performance.now(),
      },
    );
  }

  /** Where the brokers do not take one of our settings: which, and why. */
  #explained(error: unknown): Promise<Error> {
    return namingSetting(error, this.options, (name) => this.#admin.brokerSetting(name)) as Promise<Error>;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  #emit(event: WorkerEvent): void {
    this.options.onEvent?.(event);
  }

  #sleep(ms: number): Promise<void> {
    return unlessWoken(ms, (wake) => {
      this.#wake = wake;
    });
  }
}

/** Resolves after a time, or when the function that `hand` was given is called. */
function unlessWoken(ms: number, hand: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    hand(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const pause = (slot: Slot, ms: number): Promise<void> =>
  unlessWoken(ms, (wake) => {
    slot.wake = wake;
  });

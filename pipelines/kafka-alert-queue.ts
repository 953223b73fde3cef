import type { Outgoing } from '../connectors/kafka/record.js';
import type { Alert } from '../event.js';
import type { AlertFeed } from './alert-feed.js';
import type { OpenAlerts } from './alert-open.js';

/** What a task offers the queue of its partition. */
export interface AlertHost {
  readonly shard: string;
  readonly topic: string;
  readonly partition: number;
  readonly partitions: number;
  /** Makes a commit due at once; does nothing while the task is not live. */
  hurry(): void;
  /** The queue cannot be used: the task is of no more use either. */
  fail(error: Error): void;
  nowMs(): number;
}

/** The alerts of one partition on their way to receivers, for as long as a task has the partition. */
export interface PartitionAlerts {
  write(alerts: readonly Alert[]): Promise<void>;
  advance(eventMs: number): Promise<void>;
  /** Notes of what was written and handed on, to be committed with the results. */
  take(): readonly Outgoing[];
  /** What was taken last is committed, by a transaction that was begun then. */
  committed(beganMs: number): void;
  /** Hands on no more; waits for the delivery at work, but not for long. Its note is then there to be taken. */
  close(): Promise<void>;
}

export interface AlertQueueOptions {
  readonly open: (queue: Pick<PartitionQueue, 'put' | 'ready'>) => Promise<OpenAlerts>;
  /** A delivery begins at most so long after a transaction that has shown the partition to be ours. */
  readonly leaseMs: number;
  /** How long closing waits for a receiver. */
  readonly graceMs?: number;
}

const askAgainMs = 200;

/**
 * The queues of a partition. What comes is noted in the transaction of the results; a delivery goes only when its note is
 * committed, and soon after a commit of ours: whoever was stopped and has lost the partition meanwhile finds that out first.
 */
export class PartitionQueue implements PartitionAlerts {
  readonly #opened: Promise<OpenAlerts>;
  #feed: AlertFeed | undefined;
  #rows: Outgoing[] = [];
  /** Notes so far: put, of these taken into a commit, of these committed. */
  #put = 0;
  #taken = 0;
  #committed = 0;
  #provenMs = Number.NEGATIVE_INFINITY;
  /** A commit is on its way that will take what is put now. */
  #gathering = false;
  #closed = false;
  #wakes: (() => void)[] = [];

  constructor(
    readonly options: AlertQueueOptions,
    readonly host: AlertHost,
    readonly onGone: () => void = () => {},
  ) {
    this.#opened = options.open(this);
    this.#opened.then(
      ({ feed }) => {
        this.#feed = feed;
      },
      (error: Error) => host.fail(error),
    );
  }

  /** Undefined until the queue has been read. */
  get feed(): AlertFeed | undefined {
    return this.#feed;
  }

  async write(alerts: readonly Alert[]): Promise<void> {
    this.#gathering = true;
    const { feed } = await this.#opened;
    await feed.write(alerts);
    await feed.flush();
  }

  /** The end of a silence waits for the queue, as nothing else does. */
  async advance(eventMs: number): Promise<void> {
    this.#gathering = true;
    if (!this.#feed) return;
    const { refresh, feed } = await this.#opened;
    await refresh();
    await feed.advance(eventMs);
  }

  put(rows: readonly Outgoing[]): void {
    for (const row of rows) this.#rows.push(row);
    this.#put += rows.length;
    if (!this.#gathering && !this.#closed) this.host.hurry();
  }

  take(): readonly Outgoing[] {
    this.#gathering = false;
    this.#taken = this.#put;
    return this.#rows.splice(0);
  }

  committed(beganMs: number): void {
    this.#committed = this.#taken;
    this.#provenMs = beganMs;
    for (const wake of this.#wakes.splice(0)) wake();
  }

  async ready(): Promise<void> {
    const { host, options } = this;
    for (const upTo = this.#put; ; ) {
      if (this.#closed) throw new Error(`${host.shard}: the partition was given up, its alerts go on elsewhere`);
      if (this.#committed >= upTo && host.nowMs() - this.#provenMs < options.leaseMs) return;
      host.hurry();
      await this.#soon(askAgainMs);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const wake of this.#wakes.splice(0)) wake();
    const ended = this.#opened.then(({ feed }) => feed.close(false)).catch(() => {});
    await Promise.race([ended, this.#soon(this.options.graceMs ?? 2000)]);
    this.onGone();
  }

  #soon(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakes.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

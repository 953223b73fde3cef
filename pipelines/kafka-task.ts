import type { Chunk, Feed } from '../connectors/kafka/feed.js';
import { OutOfRange } from '../connectors/kafka/group.js';
import type { Writer } from '../connectors/kafka/writer.js';
import type { Batch, Event, Reject } from '../event.js';
import { claim } from './budget.js';
import type { PartitionAlerts } from './kafka-alert-queue.js';
import { Breaker } from './kafka-breaker.js';
import { Checkpoints } from './kafka-checkpoints.js';
import { Commits, type Mark } from './kafka-commits.js';
import { type Digest, digestText, noteText } from './kafka-digest.js';
import { OutputWriter } from './kafka-output.js';
import { type Beginning, DigestMismatch, PipelineFault, restore } from './kafka-restore.js';
import { batchesOf, type Slice, sliceOf } from './kafka-slice.js';
import type { TaskOptions, TaskWorld } from './kafka-world.js';
import { Lane } from './lane.js';

/** Rows per push: between two pushes heartbeats and other partitions have their turn. */
const sliceRows = { least: 16, most: 256 };
const turnMs = 5;

/**
 * One partition at work, exactly once: fence, find the committed offset, open the newest checkpoint at or below it, fold
 * the log up to it without a word, compare digests, then write results and offset together. After any error the task is
 * of no more use: its state may have run ahead of the log.
 */
export class KafkaTask<B extends Event> {
  readonly shard: string;
  #stopping = false;
  #live = false;
  #writer: Writer | undefined;
  #feed: Feed | undefined;
  #begun!: Beginning;
  #lane!: Lane<B>;
  #out!: OutputWriter<B>;
  #commits!: Commits;
  #alerts: PartitionAlerts | undefined;
  /** Why the alerts of this partition cannot be handed on. */
  #broken: Error | undefined;
  #checkpoints!: Checkpoints;
  #next = 0;
  #startMs = 0;
  #replayed = 0;
  #turnMs = 0;
  #sliceRows = sliceRows.least;
  readonly #breaker: Breaker;

  constructor(
    readonly options: TaskOptions<B>,
    readonly world: TaskWorld,
  ) {
    this.shard = `${options.topic}-${options.partition}`;
    this.#breaker = new Breaker(this.shard, options.rejectShareMax);
  }

  /** Commits that succeeded. */
  get commits(): number {
    return this.#commits?.count ?? 0;
  }

  /** Offset the group stands at, -1 where it never has committed; undefined before it was asked. */
  get committed(): number | undefined {
    return this.#commits?.committed;
  }

  /** The state is as of the committed offset, and results flow. */
  get live(): boolean {
    return this.#live;
  }

  /** Offset after the last record that was folded. */
  get next(): number {
    return this.#next;
  }

  /** Ends `run` after the records at work, with a commit and a checkpoint. */
  stop(): void {
    this.#stopping = true;
  }

  /** Somebody else may have had the partition meanwhile: look before the next commit. */
  suspect(): void {
    this.#commits?.suspect();
  }

  /** Works until it is stopped or the partition is lost; throws where the state cannot be trusted any more. */
  async run(): Promise<void> {
    const { world } = this;
    this.#startMs = world.nowMs();
    try {
      this.#writer = await world.writer();
      await this.#restore(this.#writer);
      this.#feed = world.open(this.#next);
      if (this.#broken) throw this.#broken;
      this.#settle(this.#next);
      await this.#work(this.#feed);
      await this.#end();
    } finally {
      if (this.#feed) world.drop(this.#feed);
      this.#live = false;
      await Promise.all([this.#commits?.ended(), this.#checkpoints?.ended(), this.#alerts?.close()]);
      await this.#writer?.close();
      this.#lane?.close();
    }
  }

  async #restore(writer: Writer): Promise<void> {
    const { options, world } = this;
    const { topic, partition, partitions, groupId, pipeline, decoder, outputs } = options;
    const { commitMs = 100, checkpointMs = 30_000, checkpointRows = 100_000 } = options;
    const [committed, bounds] = [await world.committed(), await world.bounds()];
    this.#begun = await restore({ ...options, committed, again: () => world.committed(), bounds, shard: this.shard });
    const { from, digest, checkpoint, replayTo } = this.#begun;
    // All partitions may come to lie in one process: each has its share, so that no output hangs on who owns what.
    const { channels, categories } = decoder;
    const at = { name: this.shard, channels, categories, origin: { topic, partition } };
    const budget = { ...pipeline.budget, stateBytes: claim(pipeline.budget) / partitions };
    this.#lane = new Lane<B>(pipeline.stages, at, checkpoint?.stages, budget);
    this.#out = new OutputWriter(outputs, { topic, partition, shard: this.shard, app: groupId }, digest);
    this.#next = from;
    // Partitions take turns: encoded one right after another, all of them would stand still for the sum.
    this.#checkpoints = new Checkpoints(
      { store: options.store, everyMs: checkpointMs, everyRows: checkpointRows },
      world,
      checkpoint?.next ?? -1,
      (checkpointMs * partition) / partitions,
    );
    // Only now: what an earlier owner had under way is decided, and it can note nothing more.
    this.#alerts = this.#queue();
    this.#commits = new Commits(
      {
        groupId,
        topic,
        partition,
        commitMs,
        feed: () => this.#feed,
        alerts: this.#alerts,
      },
      world,
      writer,
      committed?.offset ?? -1,
      (error) => (error ? this.#feed?.fail(error) : this.#feed?.wake()),
    );
    const { cold } = this.#begun;
    if (cold) world.onEvent({ type: 'cold-start', from, ...cold });
    world.onEvent({ type: 'restored', from, committed: replayTo, how: this.#begun.how });
  }

  #queue(): PartitionAlerts | undefined {
    const { topic, partition, partitions } = this.options;
    return this.options.alerts?.({
      ...{ shard: this.shard, topic, partition, partitions },
      hurry: () => {
        if (!this.#live) return;
        this.#commits.hurry();
        this.#feed?.wake();
      },
      fail: (error) => {
        this.#broken = error;
        this.#feed?.fail(error);
      },
      nowMs: () => this.world.nowMs(),
    });
  }

  async #work(feed: Feed): Promise<void> {
    while (!this.#stopping) {
      const chunk = await this.#take(feed, Math.min(this.#commits.dueMs(), 500));
      if (chunk === 'closed') return;
      if (chunk !== 'idle') await this.#fold(chunk);
      if (this.#commits.dueMs() <= 0) await this.#commit();
      if (this.#live && this.#checkpoints.due(this.#next)) await this.#checkpoint();
    }
  }

  async #take(feed: Feed, waitMs: number): Promise<Chunk | 'idle' | 'closed'> {
    try {
      return await feed.take(waitMs);
    } catch (error) {
      if (error instanceof OutOfRange) throw await this.#begun.outOfRange(error, await this.world.bounds());
      throw error;
    }
  }

  async #fold({ records, next }: Chunk): Promise<void> {
    const { commitRows = 5000, decoder } = this.options;
    await decoder.codec.prepare?.(records);
    for (let at = 0; at < records.length; ) {
      const began = this.world.nowMs();
      const border = this.#live ? Number.POSITIVE_INFINITY : this.#begun.replayTo;
      const slice = sliceOf(decoder, this.shard, records, at, this.#sliceRows, border);
      at += slice.records.length;
      await this.#foldSlice(slice, at === records.length ? next : endOf(slice), this.world.nowMs() - began);
      if (this.#stopping) return;
      if (this.#commits.full(commitRows) || this.#commits.dueMs() <= 0) await this.#commit();
      await this.#turn();
    }
    if (records.length > 0) return;
    if (this.#live) this.#commits.add([], { records: 0, results: 0, rejects: [], ms: 0 });
    this.#settle(next);
  }

  /** Heartbeats and other partitions have their turn, now and then. */
  async #turn(): Promise<void> {
    if (this.world.nowMs() - this.#turnMs <= turnMs) return;
    await new Promise(setImmediate);
    this.#commits.check();
    this.#turnMs = this.world.nowMs();
  }

  /** Nothing may be committed before all of a slice is folded. */
  async #foldSlice(slice: Slice, next: number, decodeMs: number): Promise<void> {
    const { rows, records, rejects, forget } = slice;
    // A slice that begins at the committed offset, or after a gap that hides it, comes when all before it is folded.
    if (!this.#live && records[0].offset >= this.#begun.replayTo) this.#goLive();
    for (const { key, offset } of forget) this.world.onEvent({ type: 'tombstone', key, offset });
    const refused: Reject[] = [];
    let spentMs = decodeMs;
    for (const batch of batchesOf(this.shard, slice, next, this.#sliceRows)) {
      const last = batch.next === next;
      refused.push(...this.#push(batch, slice, last ? records.length : 0, spentMs));
      spentMs = 0;
      if (!last) await this.#turn();
    }
    this.#checkpoints.add(Math.max(rows.length, records.length));
    // Where a record holds several rows, the share is one of rows.
    if (this.#live) this.#breaker.count(Math.max(rows.length + rejects.length, records.length), refused, next);
    else this.#replayed += records.length;
    this.#settle(next);
  }

  /** Gives the rows that were refused; `counted` records are complete with this batch. */
  #push(batch: Batch<Event>, slice: Slice, counted: number, spentMs: number): readonly Reject[] {
    const began = this.world.nowMs();
    let made: Batch<B>;
    try {
      made = this.#lane.push(batch);
    } catch (error) {
      throw new PipelineFault(this.shard, slice.records[0].offset, endOf(slice), error as Error);
    }
    const rows = this.#out.rows(made, slice.records);
    const ms = spentMs + this.world.nowMs() - began;
    this.#pace(ms);
    const { rejects, alerts, heard = [] } = made;
    if (this.#live) {
      for (const { mark, stage, known, alarms } of heard) {
        const { key, verdict, offset } = mark;
        this.world.onEvent({ type: 'mark', key, offset, verdict, stage, known, alarms });
      }
      const [results, eventMs] = [made.rows.length, made.rows.at(-1)?.timeMs];
      this.#commits.add(rows, { records: counted, results, rejects, ms, alerts, eventMs });
    }
    if (rejects.some(({ reason }) => reason === 'unknown-schema')) this.#checkpoints.hurry();
    return rejects;
  }

  /** Few rows per push where each takes long, many where a push costs more than they do; output hangs on neither. */
  #pace(ms: number): void {
    if (ms > turnMs) this.#sliceRows = Math.max(sliceRows.least, this.#sliceRows >> 1);
    else if (ms < turnMs / 2) this.#sliceRows = Math.min(sliceRows.most, this.#sliceRows << 1);
  }

  /** All before `next` is folded: state and offset agree. Goes live when nothing is left to be replayed. */
  #settle(next: number): void {
    this.#next = next;
    if (!this.#live && next >= this.#begun.replayTo) this.#goLive();
  }

  #goLive(): void {
    const { expected, replayTo } = this.#begun;
    const found = digestText(this.#out.digest);
    if (expected !== undefined && expected !== found) throw new DigestMismatch(this.shard, replayTo, expected, found);
    this.#live = true;
    // Where a group begins is committed before its first record; so is what an aborted transaction's marker skipped.
    if (this.#next > this.#commits.committed) this.#commits.hurry();
    this.world.onEvent({ type: 'live', replayed: this.#replayed, ms: this.world.nowMs() - this.#startMs });
  }

  /** Begins a commit of all that was folded; folding goes on meanwhile. */
  async #commit(): Promise<void> {
    await this.#commits.begin(
      (): Mark => ({
        next: this.#next,
        metadata: noteText({
          begin: this.#begun.begin,
          checkpoint: this.#checkpoints.saved,
          digest: digestText(this.#out.digest),
          partitions: this.options.partitions,
        }),
      }),
    );
  }

  /** Commits what there is, and waits for it. */
  async #commitAll(): Promise<void> {
    await this.#commits.ended();
    if (this.#commits.committed < this.#next) await this.#commit();
    await this.#commits.ended();
    this.#commits.check();
  }

  /** Only when all that was folded is committed do state and offset agree and may be saved. */
  async #checkpoint(): Promise<void> {
    // Markers alone are not worth a commit of their own.
    if (this.#checkpoints.unsaved > 0) await this.#commitAll();
    if (this.#next !== this.#commits.committed) return;
    const { name, identity, begin } = this.#begun;
    const { partitions } = this.options;
    this.#checkpoints.begin(() => ({
      ...{ shard: name, next: this.#next, ended: false, pipeline: identity, stages: this.#lane.save() },
      sinks: { ...(this.#out.digest satisfies Digest), begin, partitions },
    }));
  }

  async #end(): Promise<void> {
    // What was handed on last is noted in the last commit.
    await this.#alerts?.close();
    if (!this.#live) return;
    if (this.#commits.waiting > 0 || this.#alerts) await this.#commit();
    await this.#commits.ended();
    this.#commits.check();
    await this.#checkpoints.ended();
    if (this.options.store && this.#next !== this.#checkpoints.saved) await this.#checkpoint();
    await this.#checkpoints.ended();
  }
}

/** Offset after the last record of a slice. */
const endOf = ({ records }: Slice): number => records[records.length - 1].offset + 1;

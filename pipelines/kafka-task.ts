import { isMark, type Refusal } from '../connectors/kafka/decode.js';
import type { Chunk, Feed } from '../connectors/kafka/feed.js';
import { OutOfRange } from '../connectors/kafka/group.js';
import type { KafkaRecord } from '../connectors/kafka/record.js';
import type { Writer } from '../connectors/kafka/writer.js';
import type { Batch, Event, Reject, Mark as Said } from '../event.js';
import { claim } from './budget.js';
import { Breaker } from './kafka-breaker.js';
import { Checkpoints } from './kafka-checkpoints.js';
import { Commits, type Mark } from './kafka-commits.js';
import { type Digest, digestText, noteText } from './kafka-digest.js';
import { OutputWriter } from './kafka-output.js';
import { type Beginning, DigestMismatch, PipelineFault, restore } from './kafka-restore.js';
import type { TaskOptions, TaskWorld } from './kafka-world.js';
import { Lane } from './lane.js';

/** Records per push: between two pushes heartbeats and other partitions have their turn. */
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
      this.#settle();
      await this.#work(this.#feed);
      await this.#end();
    } finally {
      if (this.#feed) world.drop(this.#feed);
      this.#live = false;
      await Promise.all([this.#commits?.ended(), this.#checkpoints?.ended()]);
      await this.#writer?.close();
      this.#lane?.close();
    }
  }

  async #restore(writer: Writer): Promise<void> {
    const { options, world } = this;
    const { topic, partition, partitions, groupId, pipeline, decoder, outputs } = options;
    const { commitMs = 100, checkpointMs = 30_000, checkpointRows = 100_000 } = options;
    const [committed, bounds] = [await world.committed(), await world.bounds()];
    this.#begun = await restore({ ...options, committed, bounds, shard: this.shard });
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
    this.#commits = new Commits(
      {
        groupId,
        topic,
        partition,
        commitMs,
        feed: () => this.#feed,
        ...(options.alerts ? { alerts: options.alerts } : {}),
      },
      world,
      writer,
      committed?.offset ?? -1,
      (error) => (error ? this.#feed?.fail(error) : this.#feed?.wake()),
    );
    world.onEvent({ type: 'restored', from, committed: replayTo, how: this.#begun.how });
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
      const slice = this.#slice(records, at);
      at += slice.length;
      this.#push(slice, at === records.length ? next : slice[slice.length - 1].offset + 1);
      if (this.#stopping) return;
      if (this.#commits.waiting >= commitRows || this.#commits.dueMs() <= 0) await this.#commit();
      if (this.world.nowMs() - this.#turnMs > turnMs) {
        await new Promise(setImmediate);
        this.#commits.check();
        this.#turnMs = this.world.nowMs();
      }
    }
    if (records.length === 0) this.#push([], next);
  }

  /** The records of the next push. */
  #slice(records: readonly KafkaRecord[], from: number): readonly KafkaRecord[] {
    const most = Math.min(records.length, from + this.#sliceRows);
    for (let at = from; at < most; at++) {
      const { value, offset } = records[at];
      // What was committed and what was not are told apart.
      if (!this.#live && at > from && offset >= this.#begun.replayTo) return records.slice(from, at);
      // A mark is taken in before the rows of its batch, so a batch begins with it.
      if (at > from && isMark(records[at])) return records.slice(from, at);
      // A key is forgotten after the rows of its batch, so a batch ends with the record that says so.
      if (value === null) return records.slice(from, at + 1);
    }
    return records.slice(from, most);
  }

  #push(records: readonly KafkaRecord[], next: number): void {
    // A slice that begins at the committed offset, or after a gap that hides it, comes when all before it is folded.
    if (!this.#live && records.length > 0 && records[0].offset >= this.#begun.replayTo) this.#goLive();
    const began = this.world.nowMs();
    const batch = this.#decode(records, next);
    let made: Batch<B>;
    try {
      made = this.#lane.push(batch);
    } catch (error) {
      throw new PipelineFault(this.shard, records[0]?.offset ?? next, next, error as Error);
    }
    const rows = this.#out.rows(made, records);
    this.#next = next;
    this.#checkpoints.add(records.length);
    const ms = this.world.nowMs() - began;
    this.#pace(ms);
    if (this.#live) {
      const { rejects, alerts } = made;
      const [results, eventMs] = [made.rows.length, made.rows.at(-1)?.timeMs];
      this.#commits.add(rows, { records: records.length, results, rejects, ms, alerts, eventMs });
      this.#breaker.count(records.length, rejects.length, next);
    } else {
      this.#replayed += records.length;
      this.#settle();
    }
  }

  /** Few records per push where each takes long, many where a push costs more than they do; output hangs on neither. */
  #pace(ms: number): void {
    if (ms > turnMs) this.#sliceRows = Math.max(sliceRows.least, this.#sliceRows >> 1);
    else if (ms < turnMs / 2) this.#sliceRows = Math.min(sliceRows.most, this.#sliceRows << 1);
  }

  /** Goes live when nothing is left to be replayed. */
  #settle(): void {
    if (!this.#live && this.#next >= this.#begun.replayTo) this.#goLive();
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

  #decode(records: readonly KafkaRecord[], next: number): Batch<Event> {
    const rows: Event[] = [];
    const rejects: Reject[] = [];
    const forget: string[] = [];
    const marks: Said[] = [];
    for (const record of records) {
      const other = this.options.decoder.decodeInto(rows, record);
      if (other === undefined) continue;
      if ('forget' in other) {
        forget.push(other.forget);
        this.world.onEvent({ type: 'tombstone', key: other.forget, offset: record.offset });
      } else if ('mark' in other) marks.push(other.mark);
      else rejects.push(this.#reject(record, other));
    }
    return {
      shard: this.shard,
      rows,
      rejects,
      next,
      ...(forget.length > 0 ? { forget } : {}),
      ...(marks.length > 0 ? { marks } : {}),
    };
  }

  #reject({ offset, value }: KafkaRecord, { reason, message }: Refusal): Reject {
    const raw = value?.toString('utf8').slice(0, 4096) ?? '';
    return { shard: this.shard, offset, stage: 'decode', reason, message, raw };
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
    if (!this.#live) return;
    if (this.#commits.waiting > 0) await this.#commit();
    await this.#commits.ended();
    this.#commits.check();
    await this.#checkpoints.ended();
    if (this.options.store && this.#next !== this.#checkpoints.saved) await this.#checkpoint();
    await this.#checkpoints.ended();
  }
}

import type { Refusal } from '../connectors/kafka/decode.js';
import type { Chunk, Feed } from '../connectors/kafka/feed.js';
import { OutOfRange } from '../connectors/kafka/group.js';
import type { KafkaRecord, Outgoing } from '../connectors/kafka/record.js';
import type { Writer } from '../connectors/kafka/writer.js';
import type { Batch, Event, Reject } from '../event.js';
import { arena } from '../state/arena.js';
import { type Digest, digestText, noteText } from './kafka-digest.js';
import { OutputWriter } from './kafka-output.js';
import { type Beginning, DigestMismatch, PipelineFault, restore, TooManyRejects } from './kafka-restore.js';
import type { TaskOptions, TaskWorld } from './kafka-world.js';
import { Lane } from './lane.js';

interface Pending {
  rows: Outgoing[];
  records: number;
  results: number;
  rejects: number;
  sinceMs: number;
}

/** Records per push: between two pushes heartbeats and other partitions have their turn. */
const sliceRows = 256;
const turnMs = 15;

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
  #next = 0;
  #committed = -1;
  #saved = -1;
  #savedMs = 0;
  #unsaved = 0;
  #startMs = 0;
  #replayed = 0;
  #turnMs = 0;
  #pending: Pending = { rows: [], records: 0, results: 0, rejects: 0, sinceMs: 0 };
  #recent = { records: 0, rejects: 0 };
  #suspect = false;

  constructor(
    readonly options: TaskOptions<B>,
    readonly world: TaskWorld,
  ) {
    this.shard = `${options.topic}-${options.partition}`;
  }

  /** Commits that succeeded. */
  commits = 0;

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
    this.#suspect = true;
  }

  /** Works until it is stopped or the partition is lost; throws where the state cannot be trusted any more. */
  async run(): Promise<void> {
    const { world } = this;
    this.#startMs = world.nowMs();
    try {
      this.#writer = await world.writer();
      await this.#restore();
      this.#feed = world.open(this.#next);
      this.#settle();
      await this.#work(this.#feed);
      await this.#end();
    } finally {
      if (this.#feed) world.drop(this.#feed);
      this.#live = false;
      await this.#writer?.close();
      this.#lane?.close();
    }
  }

  async #restore(): Promise<void> {
    const { options, world } = this;
    const { topic, partition, groupId, pipeline, decoder, outputs } = options;
    const [committed, bounds] = [await world.committed(), await world.bounds()];
    this.#begun = await restore({ ...options, committed, bounds, shard: this.shard });
    const { from, digest, checkpoint, replayTo } = this.#begun;
    // All partitions may come to lie in one process: each has its share, so that no output hangs on who owns what.
    const at = { name: this.shard, channels: decoder.channels };
    this.#lane = new Lane<B>(pipeline.stages, at, checkpoint?.stages, arena.limitBytes / options.partitions);
    this.#out = new OutputWriter(outputs, { topic, partition, shard: this.shard, app: groupId }, digest);
    this.#next = from;
    this.#saved = checkpoint?.next ?? -1;
    this.#committed = committed?.offset ?? -1;
    this.#savedMs = world.nowMs();
    world.onEvent({ type: 'restored', from, committed: replayTo, how: this.#begun.how });
  }

  async #work(feed: Feed): Promise<void> {
    const { commitMs = 100, commitRows = 5000 } = this.options;
    while (!this.#stopping) {
      const due = this.#dueMs(commitMs);
      const chunk = await this.#take(feed, Math.min(due, 500));
      if (chunk === 'closed') return;
      if (chunk !== 'idle') await this.#fold(chunk, commitRows);
      if (this.#dueMs(commitMs) <= 0) await this.#commit();
      await this.#checkpoint(false);
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

  /** Milliseconds until a commit is due; markers alone, which bring the offset forward only, may wait longer. */
  #dueMs(commitMs: number): number {
    const { records, sinceMs } = this.#pending;
    if (!this.#live || this.#next <= this.#committed) return Number.POSITIVE_INFINITY;
    return sinceMs + (records > 0 ? commitMs : Math.max(commitMs, 5000)) - this.world.nowMs();
  }

  async #fold({ records, next }: Chunk, commitRows: number): Promise<void> {
    await this.options.decoder.codec.prepare?.(records);
    for (let at = 0; at < records.length; ) {
      let end = Math.min(records.length, at + sliceRows);
      if (!this.#live) {
        const first = records.findIndex(({ offset }, i) => i >= at && offset >= this.#begun.replayTo);
        if (first > at) end = Math.min(end, first);
      }
      // A key is forgotten after the rows of its batch, so a batch ends with the record that says so.
      const tombstone = records.findIndex(({ value }, i) => i >= at && i < end && value === null);
      if (tombstone >= 0) end = tombstone + 1;
      const slice = records.slice(at, end);
      at = end;
      this.#push(slice, at === records.length ? next : slice[slice.length - 1].offset + 1);
      if (this.#stopping) return;
      if (this.#pending.records >= commitRows) await this.#commit();
      if (this.world.nowMs() - this.#turnMs > turnMs) {
        await new Promise(setImmediate);
        this.#turnMs = this.world.nowMs();
      }
    }
    if (records.length === 0) this.#push([], next);
  }

  #push(records: readonly KafkaRecord[], next: number): void {
    // A slice that begins at the committed offset, or after a gap that hides it, comes when all before it is folded.
    if (!this.#live && records.length > 0 && records[0].offset >= this.#begun.replayTo) this.#goLive();
    const batch = this.#decode(records, next);
    let made: Batch<B>;
    try {
      made = this.#lane.push(batch);
    } catch (error) {
      throw new PipelineFault(this.shard, records[0]?.offset ?? next, next, error as Error);
    }
    const rows = this.#out.rows(made, records);
    this.#next = next;
    this.#unsaved += records.length;
    if (this.#live) {
      const pending = this.#pending;
      if (pending.records === 0 || pending.sinceMs === 0) pending.sinceMs = this.world.nowMs();
      // Not push(...rows): a slice may give more rows than a call may have arguments.
      for (const row of rows) pending.rows.push(row);
      pending.records += records.length;
      pending.results += made.rows.length;
      pending.rejects += made.rejects.length;
      this.#breaker(records.length, made.rejects.length);
    } else {
      this.#replayed += records.length;
      this.#settle();
    }
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
    this.world.onEvent({ type: 'live', replayed: this.#replayed, ms: this.world.nowMs() - this.#startMs });
  }

  #decode(records: readonly KafkaRecord[], next: number): Batch<Event> {
    const rows: Event[] = [];
    const rejects: Reject[] = [];
    const forget: string[] = [];
    for (const record of records) {
      const other = this.options.decoder.decodeInto(rows, record);
      if (other === undefined) continue;
      if ('forget' in other) {
        forget.push(other.forget);
        this.world.onEvent({ type: 'tombstone', key: other.forget, offset: record.offset });
      } else rejects.push(this.#reject(record, other));
    }
    return { shard: this.shard, rows, rejects, next, ...(forget.length > 0 ? { forget } : {}) };
  }

  #reject({ offset, value }: KafkaRecord, { reason, message }: Refusal): Reject {
    const raw = value?.toString('utf8').slice(0, 4096) ?? '';
    return { shard: this.shard, offset, stage: 'decode', reason, message, raw };
  }

  #breaker(records: number, rejects: number): void {
    const { rejectShareMax = 0.5 } = this.options;
    const recent = this.#recent;
    recent.records += records;
    recent.rejects += rejects;
    if (recent.records < 1000) return;
    if (recent.rejects > recent.records * rejectShareMax) {
      throw new TooManyRejects(this.shard, this.#next, recent.rejects, recent.records, rejectShareMax);
    }
    this.#recent = { records: 0, rejects: 0 };
  }

  async #commit(): Promise<void> {
    const { options, world } = this;
    const { topic, partition, groupId } = options;
    if (this.#suspect) await this.#verify();
    const { rows, records, results, rejects } = this.#pending;
    const began = world.nowMs();
    const metadata = noteText({
      begin: this.#begun.begin,
      checkpoint: this.#saved,
      digest: digestText(this.#out.digest),
    });
    await this.#writer?.commit(rows, { groupId, topic, partition, offset: this.#next, metadata });
    this.#committed = this.#next;
    this.commits++;
    this.#pending = { rows: [], records: 0, results: 0, rejects: 0, sinceMs: 0 };
    const lag = Math.max(0, (this.#feed?.highWatermark ?? 0) - this.#next);
    world.onEvent({ type: 'committed', next: this.#next, records, results, rejects, ms: world.nowMs() - began, lag });
  }

  async #verify(): Promise<void> {
    const now = await this.world.committed();
    if ((now?.offset ?? -1) !== this.#committed) {
      throw new Error(
        `${this.shard}: the group stands at ${now?.offset}, this task at ${this.#committed}: another process had the partition`,
      );
    }
    this.#suspect = false;
  }

  /** After a commit and before the next record state and offset agree: only then may they be saved. */
  async #checkpoint(now: boolean): Promise<void> {
    const { store, checkpointMs = 30_000, checkpointRows = 100_000, partitions } = this.options;
    if (!store || !this.#live || this.#next !== this.#committed || this.#next === this.#saved) return;
    const began = this.world.nowMs();
    if (!now && began - this.#savedMs < checkpointMs && this.#unsaved < checkpointRows) return;
    try {
      await store.save({
        shard: this.#begun.name,
        next: this.#next,
        ended: false,
        pipeline: this.#begun.identity,
        stages: this.#lane.save(),
        sinks: { ...(this.#out.digest satisfies Digest), begin: this.#begun.begin, partitions },
      });
      this.#saved = this.#next;
      this.world.onEvent({ type: 'checkpoint', next: this.#next, ms: this.world.nowMs() - began });
    } catch (error) {
      // Without it only the next start takes longer; the records are committed.
      this.world.onEvent({ type: 'checkpoint-failed', next: this.#next, error: error as Error });
    }
    this.#savedMs = this.world.nowMs();
    this.#unsaved = 0;
  }

  async #end(): Promise<void> {
    if (this.#live && this.#pending.records > 0) await this.#commit();
    await this.#checkpoint(true);
  }
}

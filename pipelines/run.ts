import type { Origin, Sink } from '../connectors/sink.js';
import type { Source } from '../connectors/source.js';
import type { Alert, Anomaly, Batch, Event, Reject } from '../event.js';
import type { Bundle } from '../state/arrow.js';
import { StateMismatch } from '../state/arrow.js';
import type { Checkpoint, CheckpointStore } from '../state/checkpoint.js';
import { claim } from './budget.js';
import { differences } from './difference.js';
import { EventClock } from './event-clock.js';
import { Lane } from './lane.js';
import { type Clock, pace, wallClock } from './pace.js';
import { identityOf, type Pipeline } from './pipeline.js';
import { Saving } from './saving.js';

/** Outputs by what they take. */
export interface Sinks<B> {
  readonly results?: readonly Sink<B>[];
  readonly anomalies?: readonly Sink<Anomaly>[];
  readonly rejects?: readonly Sink<Reject>[];
  /** These know for themselves what they were given before, so they may come and go: checkpoints say nothing of them. */
  readonly alerts?: readonly AlertOutput[];
}

/** A sink of alerts that may want to know how far event time has come, alerts or not: groups wait and silences end by it. */
export interface AlertOutput extends Sink<Alert> {
  /** `cameMs` says of each alert how far time had come when it came. */
  write(alerts: readonly Alert[], from?: Origin, cameMs?: readonly number[]): Promise<void>;
  advance?(eventMs: number): Promise<void>;
}

export interface RunOptions<B> {
  readonly pipeline: Pipeline<B>;
  readonly source: Source;
  readonly sinks?: Sinks<B>;
  /** Without a store nothing is kept, and every run begins at the start. */
  readonly store?: CheckpointStore;
  /** Rows between two checkpoints. */
  readonly checkpointRows?: number;
  /** Event time passes this many times as fast as it did; at full speed when absent. */
  readonly speed?: number;
  readonly clock?: Clock;
  /** Ends the run after the batch at work, with a checkpoint. */
  readonly stop?: AbortSignal;
  /** Sees every batch of results once it is written. */
  readonly onBatch?: (batch: Batch<B>) => void;
  /** Told once per shard, before its first row: where it goes on, or 0. */
  readonly onResume?: (shard: string, next: number, rows: number | undefined) => void;
  /** Shown the state of every step when a shard is done; the tables are views that end with the call. */
  readonly onEnd?: (shard: string, state: Readonly<Record<string, Bundle>>) => void;
}

/** What a run did. */
export interface Summary {
  readonly rows: number;
  readonly rejects: number;
  readonly anomalies: number;
  readonly alerts: number;
  readonly checkpoints: number;
  /** True when it was asked to stop before the log ended. */
  readonly stopped: boolean;
}

const neverStop = new AbortController().signal;

/**
 * Reads the source through the pipeline into the sinks, shard after shard. With a store it goes on where the last
 * checkpoint was taken, and cuts the outputs back to the marks in it: what a crash left is written again, the same.
 */
export async function run<B>(options: RunOptions<B>): Promise<Summary> {
  const { pipeline, source, sinks = {}, store, stop = neverStop } = options;
  const stateBytes = claim(pipeline.budget);
  const { shards, channels, categories = [], rows, identity: log, goesOn, partitions = 1 } = await source.open();
  const identity = identityOf(pipeline, channels, log);
  const locks: (() => Promise<void>)[] = [];
  const unlock = async (): Promise<void> => void (await Promise.all(locks.map((give) => give())));
  const saved = new Map<string, Checkpoint>();
  const outputs = new Outputs(sinks);
  const counts = { rows: 0, rejects: 0, anomalies: 0, alerts: 0, checkpoints: 0 };
  let complete = true;
  try {
    for (const shard of shards) {
      // Before anything is cut back: two runs on one state would write into each other's outputs.
      if (store?.lock) locks.push(await store.lock(shard));
      const checkpoint = await store?.load(shard);
      if (checkpoint) saved.set(shard, fits(checkpoint, identity));
      await source.starts?.(shard, checkpoint?.next ?? 0);
    }
    await outputs.open([...saved.values()]);
    for (const shard of shards) {
      const from = saved.get(shard);
      options.onResume?.(shard, from?.next ?? 0, rows);
      complete = (await runShard(shard)) && complete;
      if (stop.aborted) break;
    }
    await outputs.close(complete && !stop.aborted);
  } catch (error) {
    await outputs.close(false).catch(() => {});
    throw error;
  } finally {
    await source.close?.().catch(() => {});
    await unlock();
  }
  return { ...counts, stopped: stop.aborted };

  async function runShard(shard: string): Promise<boolean> {
    const { checkpointRows = 20_000, speed, clock = wallClock } = options;
    const from = saved.get(shard);
    const budget = { ...pipeline.budget, stateBytes: stateBytes / partitions };
    const lane = new Lane<B>(pipeline.stages, { name: shard, channels, categories }, from?.stages, budget);
    let next = from?.next ?? 0;
    let ended = from?.ended ?? false;
    let unsaved = 0;
    const time = new EventClock();
    const saving = new Saving();
    const checkpoint = async (): Promise<void> => {
      if (!store || unsaved === 0) return;
      await saving.ended();
      const marks = await outputs.flush(shard);
      // The run stands still while the state is copied; rows go on while the copy is written.
      const save = store.save({ shard, next, pipeline: identity, stages: lane.save(), sinks: marks, ended });
      saving.begin(save, () => void counts.checkpoints++);
      unsaved = 0;
    };
    try {
      const batches = source.read(shard, next, stop);
      for await (const batch of speed === undefined ? batches : pace(batches, speed, clock, stop)) {
        // The end of a log that had already ended says nothing new: what was let go must not be let go again.
        if (!(batch.ends && ended && batch.next === next)) {
          const made = withLines(lane.push(goesOn ? { ...batch, ends: false } : batch), batch);
          await outputs.write(made, batch.rows, time);
          counts.rows += batch.rows.length;
          counts.rejects += made.rejects.length;
          counts.anomalies += made.anomalies?.length ?? 0;
          counts.alerts += made.alerts?.length ?? 0;
          unsaved += batch.next - next + (batch.ends ? 1 : 0);
          next = batch.next;
          ended = batch.ends === true;
          options.onBatch?.(made);
        }
        if (unsaved >= checkpointRows) await checkpoint();
        await saving.check();
        if (stop.aborted) break;
      }
      await checkpoint();
      await saving.ended();
      options.onEnd?.(shard, lane.save());
      return ended;
    } finally {
      await saving.quiet();
      lane.close();
    }
  }
}

/** Rejects of steps with the lines of their rows, which only the source knows; a row refused in a later batch has none. */
function withLines<B>(made: Batch<B>, { rows, lines }: Batch<Event>): Batch<B> {
  if (!lines || made.rejects.length === 0) return made;
  const rejects = made.rejects.map((reject) => {
    const at = reject.line === undefined ? rows.findIndex(({ offset }) => offset === reject.offset) : -1;
    return at < 0 ? reject : { ...reject, line: lines[at] };
  });
  return { ...made, rejects };
}

/** The checkpoint, if it was taken by this pipeline on these channels. */
function fits(checkpoint: Checkpoint, identity: string): Checkpoint {
  if (checkpoint.pipeline === identity) return checkpoint;
  throw new StateMismatch(
    `shard ${checkpoint.shard}: the checkpoint at offset ${checkpoint.next} was taken by another pipeline or on another log.\n` +
      `${differences(identity, checkpoint.pipeline).join('\n')}\n` +
      'Run the pipeline it was taken by, or begin afresh (--fresh, or another state folder).',
  );
}

/** The sinks of a run, as one. */
class Outputs<B> {
  readonly #all: readonly Sink<never>[];

  constructor(readonly sinks: Sinks<B>) {
    this.#all = [...(sinks.results ?? []), ...(sinks.anomalies ?? []), ...(sinks.rejects ?? [])] as Sink<never>[];
  }

  /** Begins at the start, or goes on from the furthest marks: shards are written one after another. */
  async open(checkpoints: readonly Checkpoint[]): Promise<void> {
    this.#refuseDropped(checkpoints);
    for (const sink of this.#all) {
      const marks = checkpoints.flatMap(({ sinks }) => sinks[sink.name] ?? []);
      if (checkpoints.length > 0 && marks.length === 0) {
        const [{ next, sinks }] = checkpoints;
        throw new StateMismatch(
          `output ${sink.name}: the checkpoint at offset ${next} knows only ${Object.keys(sinks).join(', ') || 'no outputs'}, ` +
            'so this one would lack all earlier rows. Name the same outputs, or begin afresh (--fresh).',
        );
      }
      const each = new Map(checkpoints.map(({ shard, sinks }) => [shard, sinks[sink.name] as number]));
      await sink.open(marks.length > 0 ? Math.max(...marks) : undefined, each);
    }
    for (const sink of this.sinks.alerts ?? []) await sink.open(undefined);
  }

  /** Outputs that the checkpoints know must go on: left out once, they could never be made whole again. */
  #refuseDropped(checkpoints: readonly Checkpoint[]): void {
    const named = new Set(this.#all.map(({ name }) => name));
    const dropped = checkpoints.flatMap(({ sinks }) => Object.keys(sinks)).filter((name) => !named.has(name));
    if (dropped.length === 0) return;
    throw new StateMismatch(
      `expected the outputs ${[...new Set(dropped)].join(', ')} to be named again, which this state was begun with: ` +
        'without them they would lack all further rows. Name them, or begin afresh (--fresh).',
    );
  }

  async write(batch: Batch<B>, read: readonly Event[], time: EventClock): Promise<void> {
    const { shard, records, rows, held, rejects, anomalies = [] } = batch;
    const origin = { shard, ...(records ? { records } : {}) };
    const from = held ? { ...origin, held } : origin;
    if (rows.length > 0) for (const sink of this.sinks.results ?? []) await sink.write(rows, from);
    if (anomalies.length > 0) for (const sink of this.sinks.anomalies ?? []) await sink.write(anomalies, origin);
    if (rejects.length > 0) for (const sink of this.sinks.rejects ?? []) await sink.write(rejects, origin);
    if ((this.sinks.alerts ?? []).length > 0) await this.#alert(batch, read, time);
  }

  /** Alerts with the time that had come when each did, whatever its own: however the log was cut, it is the same. */
  async #alert(
    { shard, alerts = [], alertCauses = [] }: Batch<B>,
    read: readonly Event[],
    time: EventClock,
  ): Promise<void> {
    let seen = 0;
    const comeTo = (offset: number): number => {
      for (; seen < read.length && read[seen].offset <= offset; seen++) time.see(read[seen].timeMs);
      return time.nowMs;
    };
    const cameMs = alerts.map((_, i) => comeTo(alertCauses[i] ?? Number.POSITIVE_INFINITY));
    const nowMs = comeTo(Number.POSITIVE_INFINITY);
    for (const sink of this.sinks.alerts ?? []) {
      if (alerts.length > 0) await sink.write(alerts, { shard }, cameMs);
      if (read.length > 0) await sink.advance?.(nowMs);
    }
  }

  async flush(shard: string): Promise<Record<string, number>> {
    const marks: Record<string, number> = {};
    for (const sink of this.#all) marks[sink.name] = await sink.flush(shard);
    // Before the checkpoint that counts them as told.
    for (const sink of this.sinks.alerts ?? []) await sink.flush();
    return marks;
  }

  async close(complete: boolean): Promise<void> {
    try {
      for (const sink of this.#all) await sink.close(complete);
    } finally {
      // Queues at work would keep the process alive.
      for (const sink of this.sinks.alerts ?? []) await sink.close(complete);
    }
  }
}

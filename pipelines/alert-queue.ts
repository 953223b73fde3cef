import { type AlertJournal, Journal } from '../connectors/alerts/journal.js';
import type { AlertSink } from '../connectors/alerts/sink.js';
import type { Alert } from '../event.js';
import { AlertBook } from './alert-book.js';
import { type Note, takeNote, type Way } from './alert-note.js';
import { comeTo, comeToChange, type GroupTime, type Step } from './alert-pace.js';
import { AlertTries } from './alert-tries.js';
import { anewMs } from './event-clock.js';
import type { Clock } from './pace.js';

export interface QueueOptions {
  /** Alerts that may wait; default 50,000. */
  readonly limit?: number;
  /** What goes when one more comes; default `drop-oldest`, of what nobody has heard of. It is counted either way. */
  readonly whenFull?: 'drop-oldest' | 'drop-newest';
  /** First and longest wait after a failure; it doubles from one to the other. Default 1 s and 5 min. */
  readonly backoffMs?: { readonly first: number; readonly most: number };
  /**
   * How long one delivery is tried that fails by a token or an address (401, 403, 404, a redirect), until it counts as
   * refused and the next has its turn; default a day.
   */
  readonly patienceMs?: number;
  /** Deliveries in a time at most; more of them wait, and where groups wait by the clock are told together. */
  readonly rate?: { readonly count: number; readonly perMs: number };
  /** Bytes after which the journal begins a new segment. */
  readonly segmentBytes?: number;
}

/** What a queue tells of itself: for logs and metrics. */
export type QueueEvent =
  | { readonly type: 'alert-delivered'; readonly sink: string; readonly alerts: number }
  | { readonly type: 'alert-delivery-failed'; readonly sink: string; readonly error: string; readonly waitMs: number }
  | { readonly type: 'alert-refused'; readonly sink: string; readonly error: string; readonly alerts: number }
  | { readonly type: 'alert-dropped'; readonly sink: string; readonly id: string }
  | { readonly type: 'alert-queue-damaged'; readonly sink: string; readonly bytes: number };

/** A change on its way, and how far event time had come by then, where that is not the time of the change itself. */
export interface Incoming {
  readonly alert: Alert;
  readonly way: Way;
  readonly eventMs?: number;
}

/** So long no row must have come before the clock goes on instead: longer than rows at work wait for each other. */
const stillMs = 5000;

/**
 * The way to one sink: what comes is noted on disk and handed on by a loop of its own, so that a sink that is slow or
 * away delays nobody. At least once, in order, across kills; after a failure it waits longer and longer.
 */
export class AlertQueue {
  #book: AlertBook;
  readonly #journal: AlertJournal;
  #writing: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  #loop: Promise<void> = Promise.resolve();
  #wake = new AbortController();
  #stopped = false;
  #hurry = false;
  readonly #tries: AlertTries;
  /** Ids of what is on its way to the receiver. */
  #flying: ReadonlySet<string> = new Set();
  #idle: (() => void)[] = [];
  /** Deliveries that have gone, in this process. */
  #gone = 0;
  /** Event time of the newest row, and when it came. */
  #row = { eventMs: Number.NEGATIVE_INFINITY, wallMs: Number.NEGATIVE_INFINITY };
  readonly time: GroupTime;

  private constructor(
    readonly name: string,
    readonly sink: AlertSink,
    journal: AlertJournal,
    readonly options: QueueOptions,
    readonly clock: Clock,
    readonly onEvent: (event: QueueEvent) => void,
    time: GroupTime,
  ) {
    // Who keeps the state of all alerts wants to know how it is now, and a line waits for nothing.
    this.time = sink.manner === 'grouped' ? time : 'live';
    this.#book = new AlertBook(sink.manner);
    this.#journal = journal;
    this.#tries = new AlertTries(name, options);
  }

  /** Opens what an earlier process has left, in a folder or wherever a journal is, and begins to hand it on. */
  static async open(
    name: string,
    sink: AlertSink,
    place: string | AlertJournal,
    options: QueueOptions,
    clock: Clock,
    onEvent: (event: QueueEvent) => void = () => {},
    time: GroupTime = 'live',
  ): Promise<AlertQueue> {
    const journal = typeof place === 'string' ? new Journal(place) : place;
    const queue = new AlertQueue(name, sink, journal, options, clock, onEvent, time);
    const { records, spoiltBytes } = await queue.#journal.open();
    for (const note of records as readonly Note[]) queue.#book = takeNote(queue.#book, note);
    const nowMs = clock.nowMs();
    // What was noted in a time of events that lay ahead of the clock would wait for it.
    if (queue.time === 'live' && queue.#book.clockMs > nowMs + anewMs) {
      queue.#book.back(nowMs);
      await queue.#note([{ op: 'back', atMs: nowMs }]);
    }
    queue.#row = { eventMs: queue.#book.clockMs, wallMs: nowMs };
    if (spoiltBytes > 0) onEvent({ type: 'alert-queue-damaged', sink: name, bytes: spoiltBytes });
    queue.#loop = queue.#deliver();
    return queue;
  }

  get waiting(): number {
    return this.#book.waiting;
  }

  get open(): AlertBook['open'] {
    return this.#book.open;
  }

  /** Takes in changes; those that were taken before are passed over. Resolves when they are in the journal. */
  async accept(changes: readonly Incoming[]): Promise<void> {
    const { limit = 50_000, whenFull = 'drop-oldest' } = this.options;
    const nowMs = this.clock.nowMs();
    const notes: Note[] = [];
    for (const { alert, way, eventMs: timeMs = alert.timeMs } of changes) {
      if (this.#book.knows(alert)) continue;
      const { steps, atMs } =
        this.time === 'live' ? { steps: [], atMs: nowMs } : comeToChange(this.#book, { timeMs }, limit);
      notes.push(...steps);
      const newestGoes = whenFull === 'drop-newest';
      if (this.#book.size >= limit && this.#book.takesRoom(alert, newestGoes)) {
        // The end of what is in no group is the end of what nobody has heard of.
        const ofNothing = this.sink.manner !== 'each' && alert.status === 'resolved';
        const dropped = newestGoes || ofNothing ? undefined : this.#book.dropOldest(this.#flying);
        this.onEvent({ type: 'alert-dropped', sink: this.name, id: (dropped ?? alert).id });
        if (!dropped) continue;
        notes.push({ op: 'dropped', id: dropped.id, revision: dropped.revision });
      }
      if (this.#book.accept(alert, way.group, way.labels, way.timing, atMs))
        notes.push({ op: 'came', atMs, alert, way });
    }
    await this.#noteAndWake(notes);
  }

  /** The newest event time that was taken in, where groups wait by it. */
  get eventMs(): number {
    return this.time === 'live' ? Number.NEGATIVE_INFINITY : this.#book.clockMs;
  }

  /** Event time has come so far: groups that were due before are told as they are. */
  async advance(eventMs: number): Promise<void> {
    if (this.time === 'live') return;
    if (eventMs > this.#row.eventMs) this.#row = { eventMs, wallMs: this.clock.nowMs() };
    await this.#noteAndWake(this.#sealed(eventMs));
  }

  /** Looks again which alerts that fire are silenced, at an event time. */
  async silence(by: (alert: Alert) => string | undefined, eventMs: number): Promise<void> {
    const atMs = this.time === 'live' ? this.clock.nowMs() : Math.max(eventMs, this.#book.clockMs);
    const notes: Note[] = [];
    for (const alert of this.#book.firing()) {
      const now = by(alert);
      if (now === alert.silencedBy) continue;
      this.#book.silence(alert.id, now, atMs, eventMs);
      notes.push({ op: 'silence', atMs, id: alert.id, eventMs, ...(now === undefined ? {} : { by: now }) });
    }
    await this.#noteAndWake(notes);
  }

  /** Waits until all that came is on the disk; throws what the disk said if it did not take it. */
  async sync(): Promise<void> {
    await this.#serial(() => this.#journal.sync());
    if (this.#failure) throw this.#failure;
  }

  /** Hands on what waits without waiting for more; resolves when nothing is left, or has gone for `mostMs`. */
  async drain(mostMs: number): Promise<void> {
    this.#hurry = true;
    if (this.time !== 'live') await this.#noteAndWake(this.#sealed(Number.POSITIVE_INFINITY));
    this.#wake.abort();
    const emptied = new Promise<void>((resolve) => void this.#idle.push(resolve));
    // A replay may have more to tell than a receiver takes in that time.
    for (let gone = -1; gone !== this.#gone && this.#book.waiting > 0; ) {
      gone = this.#gone;
      const stop = new AbortController();
      await Promise.race([emptied, this.clock.sleep(mostMs, stop.signal)]);
      stop.abort();
    }
    this.#hurry = false;
  }

  /** Ends after the delivery at work; what waits stays on the disk. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#wake.abort();
    await this.#loop;
    await this.#serial(() => this.#journal.sync());
    await this.#journal.close();
    await this.sink.close();
  }

  async #deliver(): Promise<void> {
    while (!this.#stopped) {
      const nowMs = this.clock.nowMs();
      if (this.time !== 'live') await this.#sealMore(nowMs);
      const dueMs = this.#dueMs(nowMs);
      if (dueMs > nowMs) {
        if (this.#book.waiting === 0) for (const tell of this.#idle.splice(0)) tell();
        this.#wake = new AbortController();
        // A change may have come between: its wake-up must not be lost.
        if (this.#dueMs(nowMs) <= nowMs) continue;
        await this.clock.sleep(Math.min(dueMs - nowMs, 3_600_000), this.#wake.signal);
        continue;
      }
      const taken = this.#book.take(this.time === 'live' ? nowMs : Number.NEGATIVE_INFINITY, this.#hurry);
      if (!taken) continue;
      const { delivery, receipt } = taken;
      const alerts = delivery.alerts.length;
      try {
        await this.#journal.ready?.();
        if (this.#stopped) return;
        this.#flying = new Set(receipt.told.map(([id]) => id));
        await this.sink.send(delivery);
        this.onEvent({ type: 'alert-delivered', sink: this.name, alerts });
      } catch (error) {
        if (this.#stopped) return;
        const { message } = error as Error;
        const waitMs = this.#tries.failed(error as Error, this.clock.nowMs());
        if (waitMs !== undefined) {
          this.onEvent({ type: 'alert-delivery-failed', sink: this.name, error: message, waitMs });
          this.#flying = new Set();
          continue;
        }
        // Kept before anybody is told where.
        await this.#serial(async () => this.#journal.keepRefused?.(delivery, message));
        this.onEvent({ type: 'alert-refused', sink: this.name, error: message, alerts });
      }
      const atMs = this.clock.nowMs();
      this.#tries.went(atMs);
      this.#gone++;
      this.#book.delivered(receipt, atMs);
      this.#flying = new Set();
      await this.#note([{ op: 'went', atMs, receipt }]);
    }
  }

  /** When the next delivery is to be looked for. */
  #dueMs(nowMs: number): number {
    return Math.max(this.#nextMs(), this.#tries.notBeforeMs(nowMs));
  }

  #nextMs(): number {
    const nextMs = this.#book.nextMs(this.#hurry);
    if (this.time === 'live' || nextMs === Number.NEGATIVE_INFINITY) return nextMs;
    // By the clock only where no row comes, and behind the moment: what is due at it may have company.
    return this.time === 'log' ? Number.POSITIVE_INFINITY : nextMs - this.#row.eventMs + this.#row.wallMs + stillMs + 1;
  }

  /** Where no row comes the clock goes on; and what found no room among the tellings that wait may have it now. */
  async #sealMore(nowMs: number): Promise<void> {
    const { eventMs, wallMs } = this.#row;
    const still = this.time === 'pipe' ? Math.max(0, nowMs - wallMs - stillMs) : 0;
    const steps = this.#sealed(this.#hurry ? Number.POSITIVE_INFINITY : eventMs + still);
    if (steps.length > 0) await this.#note(steps);
  }

  #sealed(beforeMs: number): Step[] {
    return comeTo(this.#book, beforeMs, this.options.limit ?? 50_000, this.#hurry);
  }

  /** Begins a new segment when the notes have outgrown what they come to. */
  async #compact(): Promise<void> {
    const { segmentBytes = 1 << 20 } = this.options;
    if (this.#journal.bytes < Math.max(segmentBytes, 2 * this.#journal.snapshotBytes)) return;
    // Taken now, as notes of later changes come behind it.
    const all: Note = { op: 'all', manner: this.sink.manner, state: this.#book.state };
    await this.#serial(() => this.#journal.compact(all));
  }

  async #noteAndWake(notes: readonly Note[]): Promise<void> {
    if (notes.length === 0) return;
    await this.#note(notes);
    this.#wake.abort();
  }

  async #note(notes: readonly Note[]): Promise<void> {
    await this.#serial(() => this.#journal.append(notes));
    await this.#compact();
  }

  /** One write after another, in the order of the calls; the first failure is kept for `sync`. */
  #serial(write: () => Promise<void>): Promise<unknown> {
    this.#writing = this.#writing.then(write).catch((error: Error) => {
      this.#failure ??= error;
    });
    return this.#writing;
  }
}

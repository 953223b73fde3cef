import { crc32 } from 'node:zlib';
import { type AlertJournal, Journal } from '../connectors/alerts/journal.js';
import { type AlertSink, Refused, TryAgain } from '../connectors/alerts/sink.js';
import type { Alert } from '../event.js';
import { AlertBook, type BookState } from './alert-book.js';
import type { Receipt, Timing } from './alert-group.js';
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
  /** Deliveries in a time at most; more of them wait and are told together. */
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

/** How an alert is grouped by the route that it takes. */
export interface Way {
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timing: Timing;
}

/** What the journal holds: the calls of the book, in order, and now and then all they have come to. */
type Note =
  | { readonly op: 'all'; readonly manner: AlertSink['manner']; readonly state: BookState }
  | { readonly op: 'came'; readonly atMs: number; readonly alert: Alert; readonly way: Way }
  | { readonly op: 'silence'; readonly atMs: number; readonly id: string; readonly by?: string }
  | { readonly op: 'went'; readonly atMs: number; readonly receipt: Receipt }
  | { readonly op: 'dropped'; readonly id: string; readonly revision: number };

/** A receiver that asks for more than this is not believed. */
const askedMostMs = 3_600_000;

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
  #attempt = 0;
  /** Since when the receiver wants to be mended; anew in each process, and for each delivery that was given up. */
  #unmendedMs: number | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Ids of what is on its way to the receiver. */
  #flying: ReadonlySet<string> = new Set();
  /** Times of the latest deliveries, for the rate. */
  readonly #sent: number[] = [];
  #idle: (() => void)[] = [];

  private constructor(
    readonly name: string,
    readonly sink: AlertSink,
    journal: AlertJournal,
    readonly options: QueueOptions,
    readonly clock: Clock,
    readonly onEvent: (event: QueueEvent) => void,
  ) {
    this.#book = new AlertBook(sink.manner);
    this.#journal = journal;
  }

  /** Opens what an earlier process has left, in a folder or wherever a journal is, and begins to hand it on. */
  static async open(
    name: string,
    sink: AlertSink,
    place: string | AlertJournal,
    options: QueueOptions,
    clock: Clock,
    onEvent: (event: QueueEvent) => void = () => {},
  ): Promise<AlertQueue> {
    const journal = typeof place === 'string' ? new Journal(place) : place;
    const queue = new AlertQueue(name, sink, journal, options, clock, onEvent);
    const { records, spoiltBytes } = await queue.#journal.open();
    for (const note of records as readonly Note[]) queue.#replay(note);
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
  async accept(changes: readonly { readonly alert: Alert; readonly way: Way }[]): Promise<void> {
    const { limit = 50_000, whenFull = 'drop-oldest' } = this.options;
    const atMs = this.clock.nowMs();
    const notes: Note[] = [];
    for (const { alert, way } of changes) {
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
    if (notes.length === 0) return;
    await this.#note(notes);
    this.#wake.abort();
  }

  /** Looks again which alerts that fire are silenced. */
  async silence(by: (alert: Alert) => string | undefined): Promise<void> {
    const atMs = this.clock.nowMs();
    const notes: Note[] = [];
    for (const alert of this.#book.firing()) {
      const now = by(alert);
      if (now === alert.silencedBy) continue;
      this.#book.silence(alert.id, now, atMs);
      notes.push({ op: 'silence', atMs, id: alert.id, ...(now === undefined ? {} : { by: now }) });
    }
    if (notes.length === 0) return;
    await this.#note(notes);
    this.#wake.abort();
  }

  /** Waits until all that came is on the disk; throws what the disk said if it did not take it. */
  async sync(): Promise<void> {
    await this.#serial(() => this.#journal.sync());
    if (this.#failure) throw this.#failure;
  }

  /** Hands on what waits without waiting for more; resolves when nothing is left, or after `mostMs`. */
  async drain(mostMs: number): Promise<void> {
    this.#hurry = true;
    this.#wake.abort();
    const stop = new AbortController();
    const emptied = new Promise<void>((resolve) => {
      if (this.#book.waiting === 0) resolve();
      else this.#idle.push(resolve);
    });
    await Promise.race([emptied, this.clock.sleep(mostMs, stop.signal)]);
    stop.abort();
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
      const dueMs = Math.max(this.#book.nextMs(this.#hurry), this.#notBeforeMs, this.#rateMs(nowMs));
      if (dueMs > nowMs) {
        if (this.#book.waiting === 0) for (const tell of this.#idle.splice(0)) tell();
        this.#wake = new AbortController();
        // A change may have come between: its wake-up must not be lost.
        if (Math.max(this.#book.nextMs(this.#hurry), this.#notBeforeMs, this.#rateMs(nowMs)) <= nowMs) continue;
        await this.clock.sleep(Math.min(dueMs - nowMs, 3_600_000), this.#wake.signal);
        continue;
      }
      const taken = this.#book.take(nowMs, this.#hurry);
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
        if (!this.#isFinal(error as Error)) {
          this.#fail(error as Error);
          this.#flying = new Set();
          continue;
        }
        const { message } = error as Error;
        this.onEvent({ type: 'alert-refused', sink: this.name, error: message, alerts });
        await this.#journal.keepRefused?.(delivery, message);
      }
      this.#attempt = 0;
      this.#unmendedMs = undefined;
      const atMs = this.clock.nowMs();
      if (this.options.rate) this.#sent.push(atMs);
      this.#book.delivered(receipt, atMs);
      this.#flying = new Set();
      await this.#note([{ op: 'went', atMs, receipt }]);
    }
  }

  /** When the rate lets the next delivery go. */
  #rateMs(nowMs: number): number {
    const { rate } = this.options;
    if (!rate) return Number.NEGATIVE_INFINITY;
    while (this.#sent.length > 0 && this.#sent[0] <= nowMs - rate.perMs) this.#sent.shift();
    return this.#sent.length < rate.count ? Number.NEGATIVE_INFINITY : this.#sent[0] + rate.perMs;
  }

  /** Whether a delivery is given up: refused as such, or too long in the way of others that may fare better. */
  #isFinal(error: Error): boolean {
    if (error instanceof Refused) return true;
    if (!(error instanceof TryAgain) || !error.untilMended) return false;
    const { patienceMs = 86_400_000 } = this.options;
    this.#unmendedMs ??= this.clock.nowMs();
    return this.clock.nowMs() - this.#unmendedMs >= patienceMs;
  }

  #fail(error: Error): void {
    const { first, most } = this.options.backoffMs ?? { first: 1000, most: 300_000 };
    const longer = Math.min(most, first * 2 ** Math.min(this.#attempt, 30));
    // Queues that fail together must not come back together: between half and all of it, by name and attempt.
    const jitter = crc32(`${this.name} ${this.#attempt}`) / 2 ** 32;
    const askedMs = error instanceof TryAgain ? Math.min(error.afterMs ?? 0, askedMostMs) : 0;
    const waitMs = Math.max(longer * (0.5 + jitter / 2), askedMs);
    this.#attempt++;
    this.#notBeforeMs = this.clock.nowMs() + waitMs;
    this.onEvent({ type: 'alert-delivery-failed', sink: this.name, error: error.message, waitMs });
  }

  /** Begins a new segment when the notes have outgrown what they come to. */
  async #compact(): Promise<void> {
    const { segmentBytes = 1 << 20 } = this.options;
    if (this.#journal.bytes < Math.max(segmentBytes, 2 * this.#journal.snapshotBytes)) return;
    // Taken now, as notes of later changes come behind it.
    const all: Note = { op: 'all', manner: this.sink.manner, state: this.#book.state };
    await this.#serial(() => this.#journal.compact(all));
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

  #replay(note: Note): void {
    switch (note.op) {
      case 'all':
        this.#book = new AlertBook(this.sink.manner, note.manner === this.sink.manner ? note.state : undefined);
        return;
      case 'came':
        this.#book.accept(note.alert, note.way.group, note.way.labels, note.way.timing, note.atMs);
        return;
      case 'silence':
        this.#book.silence(note.id, note.by, note.atMs);
        return;
      case 'went':
        this.#book.delivered(note.receipt, note.atMs);
        return;
      case 'dropped':
        this.#book.drop(note.id, note.revision);
    }
  }
}

import type { Batch, Event, Reject } from '../event.js';
import type { Opening, Source } from './source.js';
import { batchRowsDefault } from './table.js';

/** In a log's data: reading throws here, once, as if the process had died. */
export const CRASH = Symbol('CRASH');
/** In a log's data: the log is complete. */
export const END = Symbol('END');

/** What a test or a program puts into a log: events, plain numbers, or what shall happen while they are read. */
export type Entry = Omit<Event, 'offset'> | number | readonly number[] | typeof CRASH | typeof END;

export interface LogOptions {
  readonly shard?: string;
  readonly channels?: readonly string[];
  /** Those of them that are of words. */
  readonly categories?: readonly string[];
  /** Rows per batch at most. */
  readonly batchRows?: number;
  /** Time between two numbers without a time of their own. */
  readonly stepMs?: number;
}

/** Thrown by `read` at a `CRASH`. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * A log in memory: `log([1, 2, CRASH, 3, END])`. It may grow while it is read; without `END`, `read` waits for more once
 * it has given what is there.
 */
export class Log implements Source {
  readonly shard: string;
  readonly channels: readonly string[];
  readonly #categories: readonly string[];
  readonly #events: Event[] = [];
  /** Offsets before which reading crashes. */
  readonly #crashes = new Set<number>();
  readonly #batchRows: number;
  readonly #stepMs: number;
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(entries: readonly Entry[], options: LogOptions = {}) {
    const { shard = 'log', channels = ['value'], batchRows = batchRowsDefault, stepMs = 60_000 } = options;
    this.shard = shard;
    this.channels = channels;
    this.#categories = options.categories ?? [];
    this.#batchRows = batchRows;
    this.#stepMs = stepMs;
    this.append(...entries);
  }

  /** Rows so far. */
  get length(): number {
    return this.#events.length;
  }

  append(...entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry === CRASH) this.#crashes.add(this.#events.length);
      else if (entry === END) this.#ended = true;
      else {
        if (this.#ended) throw new Error('log: expected nothing after END, came one more event: append before END');
        this.#events.push(this.#eventOf(entry));
      }
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  open(): Promise<Opening> {
    const { shard, channels } = this;
    const words = this.#categories.length > 0 ? { categories: this.#categories } : {};
    return Promise.resolve({ shards: [shard], channels, ...words, ...(this.#ended ? { rows: this.length } : {}) });
  }

  async *read(shard: string, from: number, stop: AbortSignal): AsyncGenerator<Batch<Event>> {
    if (shard !== this.shard) throw new Error(`log: expected shard "${this.shard}", got "${shard}"`);
    const rejects: readonly Reject[] = [];
    let next = from;
    while (!stop.aborted) {
      if (this.#crashes.delete(next)) throw new Crash(`log: CRASH before offset ${next}`);
      const rows: Event[] = [];
      while (rows.length < this.#batchRows && next < this.length && !(rows.length > 0 && this.#crashes.has(next))) {
        rows.push(this.#events[next++]);
      }
      const ends = this.#ended && next >= this.length && !this.#crashes.has(next);
      if (ends) {
        yield { shard, rows, rejects, next, ends };
        return;
      }
      if (rows.length > 0) yield { shard, rows, rejects, next };
      else if (!this.#crashes.has(next)) await this.#more(stop);
    }
  }

  #eventOf(entry: Exclude<Entry, symbol>): Event {
    const offset = this.#events.length;
    if (typeof entry === 'object' && 'timeMs' in entry) {
      const { key, timeMs, values, words } = entry;
      return words ? { key, timeMs, values, words, offset } : { key, timeMs, values, offset };
    }
    const values = typeof entry === 'number' ? [entry] : entry;
    return { key: this.shard, timeMs: offset * this.#stepMs, values, offset };
  }

  #more(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        stop.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.push(wake);
      stop.addEventListener('abort', wake, { once: true });
    });
  }
}

/** A log in memory, for tests and for programs that make their events themselves. */
export const log = (entries: readonly Entry[], options: LogOptions = {}): Log => new Log(entries, options);

import { CommittedFilter } from './committed.js';
import type { RawBatch } from './internals.js';
import { type KafkaRecord, offsetOf } from './record.js';

/** Records of one partition in order; everything below `next` has been handed out. */
export interface Chunk {
  readonly records: readonly KafkaRecord[];
  readonly next: number;
  /** Bytes of keys and values, to know how much waits. */
  readonly bytes: number;
}

export interface FeedOptions {
  /** Above so many bytes that wait for the reader the partition is no longer fetched; below half of it, it is again. */
  readonly waitingBytesMax?: number;
  /** Bytes that may wait for the end of their transaction: only fetching on brings it, so they stop no flow. */
  readonly heldBytesMax?: number;
}

/** What a feed asks of the consumer that fills it. */
export interface Tap {
  pause(): void;
  resume(): void;
}

/** The records of one partition from an offset on, for one reader; it stops the flow when the reader falls behind. */
export class Feed {
  readonly #filter: CommittedFilter;
  readonly #chunks: Chunk[] = [];
  readonly #waitingBytesMax: number;
  #bytes = 0;
  #paused = false;
  #ended: { error?: Error } | undefined;
  #wake: (() => void) | undefined;
  /** End of the partition when it was last fetched. */
  highWatermark = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    from: number,
    readonly tap: Tap,
    options: FeedOptions = {},
  ) {
    const { waitingBytesMax = 8 * 2 ** 20, heldBytesMax } = options;
    this.#filter = new CommittedFilter(from, heldBytesMax);
    this.#waitingBytesMax = waitingBytesMax;
  }

  /** Where the consumer must fetch next. */
  get seen(): number {
    return this.#filter.seen;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Bytes of all records that are held here, for whatever reason. */
  get waitingBytes(): number {
    return this.#bytes + this.#filter.heldBytes;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Takes a batch as it was fetched; false when it is not the one that comes next, so the consumer must seek. */
  push(batch: RawBatch): boolean {
    if (this.#ended) return true;
    if (offsetOf(batch.fetchedOffset) > this.seen) return false;
    this.highWatermark = Math.max(this.highWatermark, offsetOf(batch.highWatermark));
    try {
      const { records, next } = this.#filter.push(batch.rawMessages);
      this.#add(records, next);
    } catch (error) {
      this.fail(error as Error);
    }
    return true;
  }

  #add(records: readonly KafkaRecord[], next: number): void {
    const before = this.#chunks.at(-1);
    if (records.length === 0 && before) {
      this.#chunks[this.#chunks.length - 1] = { ...before, next };
    } else {
      const bytes = records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0) + 64, 0);
      this.#chunks.push({ records, next, bytes });
      this.#bytes += bytes;
    }
    if (!this.#paused && this.#bytes > this.#waitingBytesMax) {
      this.#paused = true;
      this.tap.pause();
    }
    this.#wake?.();
  }

  /** The next records, as they come; `idle` when none came in time, `closed` when none will come any more. */
  async take(waitMs: number): Promise<Chunk | 'idle' | 'closed'> {
    if (this.#chunks.length === 0 && !this.#ended && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, waitMs);
        this.#wake = done;
      });
    }
    if (this.#ended?.error) throw this.#ended.error;
    if (this.#ended) return 'closed';
    const chunk = this.#chunks.shift();
    if (!chunk) return 'idle';
    this.#bytes -= chunk.bytes;
    if (this.#paused && this.#bytes < this.#waitingBytesMax / 2) {
      this.#paused = false;
      this.tap.resume();
    }
    return chunk;
  }

  /** Ends the reader's waiting, though nothing has come. */
  wake(): void {
    this.#wake?.();
  }

  /** Nothing more will come: the partition belongs to somebody else, or the reader has gone. */
  close(): void {
    this.#ended ??= {};
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#wake?.();
  }

  /** The reader gets this error at its next `take`. */
  fail(error: Error): void {
    this.#ended ??= { error };
    this.#wake?.();
  }
}

import type { Batch, Event } from '../event.js';

/** What a source turned out to hold. */
export interface Opening {
  /** Names of the logs it reads, each in an order of its own. */
  readonly shards: readonly string[];
  /** Names of the channels, in the order of `Event.values`. */
  readonly channels: readonly string[];
  /** Those of them that are of words instead of numbers. */
  readonly categories?: readonly string[];
  /** Rows in all, where that is cheap to know: for progress bars only. */
  readonly rows?: number;
  /** The offsets of each shard that will be read, where these are known: for progress bars only. */
  readonly spans?: ReadonlyMap<string, { readonly from: number; readonly to: number }>;
  /** The log goes on behind what is read of it: at its end what waits keeps waiting, as it does in a run that never ends. */
  readonly goesOn?: boolean;
  /**
   * Partitions of the whole log, however many of them are read here: each has an equal share of the memory for state, so
   * that no output hangs on where it is read. One without.
   */
  readonly partitions?: number;
  /**
   * What its rows hang on, as text: how they are read, and a hash of the first. The same log gives the same text after it
   * was moved or has grown; another one does not. Logs in memory leave it out.
   */
  readonly identity?: string;
}

/** Where events come from: logs that can be read again from any offset. */
export interface Source {
  /** Looks at the input before anything is read; throws an error that says what was expected, what came, what to do. */
  open(): Promise<Opening>;
  /**
   * The rows of a shard from offset `from` on, in order. The next batch is made when the last one is done with.
   * Rows that do not decode come as rejects. The last batch of a complete log has `ends`, even if it has no rows.
   */
  read(shard: string, from: number, stop: AbortSignal): AsyncIterable<Batch<Event>>;
  /** Told where reading a shard will begin (0: at its start), before any output is touched; throws where it cannot. */
  starts?(shard: string, from: number): Promise<void>;
  /** Asked after a read that gave nothing: what was asked for, and what the log holds instead. */
  nothing?(): Promise<string>;
  /** Lets go of what it holds open; a run calls it at its end. */
  close?(): Promise<void>;
}

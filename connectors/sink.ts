import type { LogRecord } from '../event.js';

/** Where the rows of one `write` come from. */
export interface Origin {
  readonly shard: string;
  /** The records they were made of, from sources that have them. */
  readonly records?: readonly LogRecord[];
  /** Which of the rows a step had held back, as in `Batch.held`; of results only. */
  readonly held?: ReadonlyMap<number, number>;
}

/** Where results go. One writer, rows in order; what one `write` was given is on its way when its promise resolves. */
export interface Sink<T> {
  /** Its name in checkpoints, for instance the path. */
  readonly name: string;
  /** Begins at the start (`undefined`), or goes on at a mark that `flush` gave: what was written after it is taken back. */
  /** `marks` are those of each shard, for sinks that keep their shards apart; `mark` is the furthest of them. */
  open(mark: number | undefined, marks?: ReadonlyMap<string, number>): Promise<void>;
  /** `origin` is always told by a run; without it the rows are of the only log there is. */
  write(rows: readonly T[], origin?: Origin): Promise<void>;
  /** Waits until all that was written is durable; returns the mark to go on from with the rows of this shard. */
  flush(shard?: string): Promise<number>;
  /** `complete`: the log has ended, so the output takes its final form. */
  close(complete: boolean): Promise<void>;
}

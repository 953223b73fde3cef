/** Where results go. One writer, rows in order; what one `write` was given is on its way when its promise resolves. */
export interface Sink<T> {
  /** Its name in checkpoints, for instance the path. */
  readonly name: string;
  /** Begins at the start (`undefined`), or goes on at a mark that `flush` gave: what was written after it is taken back. */
  open(mark: number | undefined): Promise<void>;
  write(rows: readonly T[]): Promise<void>;
  /** Waits until all that was written is durable; returns the mark to go on from. */
  flush(): Promise<number>;
  /** `complete`: the log has ended, so the output takes its final form. */
  close(complete: boolean): Promise<void>;
}

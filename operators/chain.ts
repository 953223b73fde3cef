import { type Observable, Subject } from 'rxjs';
import type { Batch } from '../event.js';
import type { Bundle } from '../state/arrow.js';
import type { Opened, Shard, Stage } from './stage.js';

// biome-ignore lint/suspicious/noExplicitAny: a chain is typed where it is written, not where it is run
export type AnyStage = Stage<any, any>;

/** What the steps after these may rely on, beside what they are told of the shard. */
export const toldBy = (stages: readonly AnyStage[]): Partial<Shard> =>
  Object.assign({}, ...stages.map(({ tells }) => tells));

/** Steps at work one behind the other on one shard: a batch in, a batch out, and quiet in between. */
export class Chain {
  readonly #input = new Subject<Batch<unknown>>();
  readonly #opened: { id: string; at: Opened<unknown, unknown> }[];
  #made: Batch<unknown> | undefined;
  #failure: { error: unknown } | undefined;

  /** `saved` gives what the step of an id saved last time, or nothing. */
  constructor(stages: readonly AnyStage[], shard: Shard, saved: (id: string) => Bundle | undefined) {
    let told = shard;
    this.#opened = [];
    try {
      for (const stage of stages) {
        this.#opened.push({ id: stage.id, at: stage.open(told, saved(stage.id)) });
        told = { ...told, ...stage.tells };
      }
    } catch (error) {
      for (const { at } of this.#opened) at.close();
      throw error;
    }
    const output = this.#opened.reduce<Observable<Batch<unknown>>>(
      (batches, { at }) => batches.pipe(at.operator),
      this.#input,
    );
    output.subscribe({
      next: (batch) => {
        this.#made = batch;
      },
      // RxJS would throw on a timer what is thrown here; it is kept and thrown from `push` instead.
      error: (error) => {
        this.#failure = { error };
      },
    });
  }

  /** What the steps make of a batch; throws what a step threw, after which the chain is of no more use. */
  push(batch: Batch<unknown>): Batch<unknown> {
    if (this.#failure) throw this.#failure.error;
    this.#made = undefined;
    this.#input.next(batch);
    const failure = this.#failure as { error: unknown } | undefined;
    if (failure) throw failure.error;
    if (!this.#made) throw new Error('a step made no batch of a batch: every step must answer each batch with one');
    return this.#made;
  }

  /** Views of the state of every step: to be encoded before the next batch. */
  save(): Record<string, Bundle> {
    return Object.fromEntries(this.#opened.map(({ id, at }) => [id, at.save()]));
  }

  close(): void {
    this.#input.complete();
    for (const { at } of this.#opened) at.close();
  }
}

import { type Observable, Subject } from 'rxjs';
import type { Batch, Event } from '../event.js';
import type { Opened, Shard, Stage } from '../operators/stage.js';
import type { Bundle } from '../state/arrow.js';
import { type Budget, keysThatFit } from './budget.js';

// biome-ignore lint/suspicious/noExplicitAny: a chain is typed where it is written (pipeline.ts), not where it is run
export type AnyStage = Stage<any, any>;

/** The steps of a pipeline at work on one shard: a batch in, a batch out, and quiet in between. */
export class Lane<B> {
  readonly #input = new Subject<Batch<Event>>();
  readonly #opened: { id: string; at: Opened<unknown, unknown> }[];
  #made: Batch<B> | undefined;
  #failure: { error: unknown } | undefined;

  /** Throws a RangeError when the steps are set to hold more than the budget. */
  constructor(
    stages: readonly AnyStage[],
    shard: Shard,
    saved?: Readonly<Record<string, Bundle>>,
    budget: Budget = {},
  ) {
    let told: Shard = { ...shard, keysMax: keysThatFit(stages, shard, budget) };
    this.#opened = stages.map((stage) => {
      const at = stage.open(told, saved?.[stage.id]);
      told = { ...told, ...stage.tells };
      return { id: stage.id, at };
    });
    const output = this.#opened.reduce<Observable<Batch<unknown>>>(
      (batches, { at }) => batches.pipe(at.operator),
      this.#input,
    );
    output.subscribe({
      next: (batch) => {
        this.#made = batch as Batch<B>;
      },
      // RxJS would throw on a timer what is thrown here; it is kept and thrown from `push` instead.
      error: (error) => {
        this.#failure = { error };
      },
    });
  }

  /** What the pipeline makes of a batch; throws what a step threw, after which the lane is of no more use. */
  push(batch: Batch<Event>): Batch<B> {
    if (this.#failure) throw this.#failure.error;
    this.#made = undefined;
    this.#input.next(batch);
    const failure = this.#failure as { error: unknown } | undefined;
    if (failure) throw failure.error;
    if (!this.#made) throw new Error('a step made no batch of a batch: every step must answer each batch with one');
    return inOrder(this.#made);
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

/** The batch with its rejects in the order of what caused them, which does not depend on how the log was cut. */
function inOrder<B>({ causes, ...batch }: Batch<B>): Batch<B> {
  if (!causes || batch.rejects.length < 2) return batch;
  const order = batch.rejects.map((_, i) => i).sort((a, b) => causes.rejects[a] - causes.rejects[b] || a - b);
  return { ...batch, rejects: order.map((i) => batch.rejects[i]) };
}

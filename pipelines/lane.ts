import { type Batch, type Event, type Reject, recordOf } from '../event.js';
import { type AnyStage, Chain } from '../operators/chain.js';
import type { Shard } from '../operators/stage.js';
import type { Bundle } from '../state/arrow.js';
import { type Budget, keysThatFit } from './budget.js';

export type { AnyStage } from '../operators/chain.js';

/** The steps of a pipeline at work on one shard: a batch in, a batch out, and quiet in between. */
export class Lane<B> {
  readonly #chain: Chain;

  /** Throws a RangeError when the steps are set to hold more than the budget. */
  constructor(
    stages: readonly AnyStage[],
    shard: Shard,
    saved?: Readonly<Record<string, Bundle>>,
    budget: Budget = {},
  ) {
    const told: Shard = { ...shard, keysMax: keysThatFit(stages, shard, budget) };
    this.#chain = new Chain(stages, told, (id) => saved?.[id]);
  }

  /** What the pipeline makes of a batch; throws what a step threw, after which the lane is of no more use. */
  push(batch: Batch<Event>): Batch<B> {
    return inOrder(this.#chain.push(batch) as Batch<B>);
  }

  /** Views of the state of every step: to be encoded before the next batch. */
  save(): Record<string, Bundle> {
    return this.#chain.save();
  }

  close(): void {
    this.#chain.close();
  }
}

/**
 * The batch with its rejects in the order of what caused them, rows and rejects that had been held back marked as such:
 * nothing of it depends on how the log was cut.
 */
function inOrder<B>({ causes, changes: _, ...made }: Batch<B>): Batch<B> {
  if (!causes) return made;
  const held = heldOf(made.rows as readonly unknown[] as readonly Event[], causes.rows);
  const told = made.alerts && causes.alerts ? { alertCauses: causes.alerts } : {};
  const batch = { ...made, ...told, ...(held.size > 0 ? { held } : {}) };
  if (batch.rejects.length === 0) return batch;
  const order = batch.rejects.map((_, i) => i).sort((a, b) => causes.rejects[a] - causes.rejects[b] || a - b);
  const rejects = order.map((i): Reject => {
    const reject = batch.rejects[i];
    return recordOf(causes.rejects[i]) === recordOf(reject.offset) ? reject : { ...reject, held: true };
  });
  return { ...batch, rejects };
}

function heldOf(rows: readonly Event[], causes: readonly number[]): ReadonlyMap<number, number> {
  if (causes.length !== rows.length) {
    throw new Error(
      `expected a cause for each of ${rows.length} rows, got ${causes.length}: a step that adds or leaves out rows does the ` +
        'same with causes.rows of its batch',
    );
  }
  const held = new Map<number, number>();
  for (let i = 0; i < rows.length; i++) if (causes[i] !== rows[i].offset) held.set(i, causes[i]);
  return held;
}

import type { Batch, Event } from '../event.js';
import { type AnyStage, Chain } from '../operators/chain.js';
import type { Shard } from '../operators/stage.js';
import { arena } from '../state/arena.js';
import type { Bundle } from '../state/arrow.js';
import { keyLimitDefault } from '../state/keys.js';

export type { AnyStage } from '../operators/chain.js';

/** The steps of a pipeline at work on one shard: a batch in, a batch out, and quiet in between. */
export class Lane<B> {
  readonly #chain: Chain;

  /** `stateBytes`: what its keys may take in all; throws a RangeError when the steps are set to hold more of them. */
  constructor(
    stages: readonly AnyStage[],
    shard: Shard,
    saved?: Readonly<Record<string, Bundle>>,
    stateBytes = arena.limitBytes,
  ) {
    const told: Shard = { ...shard, keysMax: keysThatFit(stages, shard, stateBytes) };
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

/** Pages and columns are rounded up: so much of the memory is planned with. */
const plannedShare = 0.9;

/** How many keys a lane may hold by default; throws when the steps that name a limit of their own want too much. */
function keysThatFit(stages: readonly AnyStage[], shard: Shard, stateBytes: number): number {
  let told = shard;
  let eachBytes = 0;
  let fixedBytes = 0;
  const sums: string[] = [];
  for (const stage of stages) {
    const wants = stage.wants?.(told) ?? [];
    told = { ...told, ...stage.tells };
    for (const { id, keyBytes, keys } of wants) {
      if (keys === undefined) eachBytes += keyBytes;
      else {
        fixedBytes += keys * keyBytes;
        sums.push(`${id} ${keys} keys x ${keyBytes} bytes`);
      }
    }
  }
  const left = plannedShare * stateBytes - fixedBytes;
  if (left < eachBytes) {
    throw new RangeError(
      `keys.limit: expected limits that fit into ${Math.floor(plannedShare * stateBytes)} bytes of state, got ${fixedBytes} ` +
        `(${sums.join(', ') || 'none'}) and ${eachBytes} for one key of the other steps: lower the limits, or choose a smaller memory`,
    );
  }
  return Math.max(1, Math.min(keyLimitDefault.limit, Math.floor(left / Math.max(1, eachBytes))));
}

/** The batch with its rejects in the order of what caused them, which does not depend on how the log was cut. */
function inOrder<B>({ causes, changes: _, ...batch }: Batch<B>): Batch<B> {
  if (!causes || batch.rejects.length < 2) return batch;
  const order = batch.rejects.map((_, i) => i).sort((a, b) => causes.rejects[a] - causes.rejects[b] || a - b);
  return { ...batch, rejects: order.map((i) => batch.rejects[i]) };
}

import { type Checkpoint, type CheckpointStore, frame, unframe } from '../checkpoint.js';

/** Checkpoints in this process, as the bytes a file would hold: for tests and for pipelines that need not survive. */
export class MemoryStore implements CheckpointStore {
  readonly #files = new Map<string, { next: number; bytes: Uint8Array }[]>();
  /** The offset last loaded or saved, by shard: what lies ahead of it is forgotten at the next save. */
  readonly #newest = new Map<string, number>();

  constructor(readonly generations = 3) {
    if (!Number.isInteger(generations) || generations < 1) {
      throw new RangeError(`generations: expected a whole number of at least 1, got ${generations}`);
    }
  }

  async load(shard: string, upTo = Number.POSITIVE_INFINITY): Promise<Checkpoint | undefined> {
    const found = this.#files.get(shard)?.findLast(({ next }) => next <= upTo);
    this.#newest.set(shard, found?.next ?? 0);
    return found && unframe(found.bytes.slice());
  }

  async retire(shard: string): Promise<readonly number[]> {
    const retired = this.#files.get(shard) ?? [];
    this.#files.delete(shard);
    this.#newest.delete(shard);
    return retired.map(({ next }) => next);
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    const { shard, next } = checkpoint;
    const newest = this.#newest.get(shard) ?? 0;
    if (next < newest) {
      throw new RangeError(`shard ${shard}: expected a checkpoint at or after offset ${newest}, got ${next}`);
    }
    const kept = (this.#files.get(shard) ?? []).filter((file) => file.next <= newest && file.next < next);
    this.#files.set(shard, [...kept, { next, bytes: frame(checkpoint) }].slice(-this.generations));
    this.#newest.set(shard, next);
  }
}

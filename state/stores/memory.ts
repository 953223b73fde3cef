import { type Checkpoint, type CheckpointStore, frame, unframe } from '../checkpoint.js';

/** Checkpoints in this process, as the bytes a file would hold: for tests and for pipelines that need not survive. */
export class MemoryStore implements CheckpointStore {
  readonly #files = new Map<string, { next: number; bytes: Uint8Array }[]>();

  constructor(readonly generations = 3) {}

  async load(shard: string, upTo = Number.POSITIVE_INFINITY): Promise<Checkpoint | undefined> {
    const newest = this.#files.get(shard)?.findLast(({ next }) => next <= upTo);
    return newest && unframe(newest.bytes.slice());
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    const { shard, next } = checkpoint;
    const files = this.#files.get(shard) ?? [];
    const newest = files.at(-1)?.next ?? 0;
    if (next < newest) {
      throw new RangeError(`shard ${shard}: expected a checkpoint at or after offset ${newest}, got ${next}`);
    }
    const kept = files.filter((file) => file.next < next).slice(-(this.generations - 1));
    this.#files.set(shard, [...kept, { next, bytes: frame(checkpoint) }]);
  }
}

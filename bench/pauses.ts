import type { Checkpoint, CheckpointStore, Event, Sink, Source } from '../index.js';

/** How long a run stands still for its checkpoints, told from outside: from the flush of an output to the next batch asked for. */
export class Pauses {
  readonly ms: number[] = [];
  /** Wall time of each save, from its call until it was durable. */
  readonly savedMs: number[] = [];
  #since: number | undefined;

  /** An output that takes nothing and notes when a checkpoint begins. */
  sink(): Sink<Event> {
    return {
      name: 'pauses',
      open: async () => {},
      write: async () => {},
      flush: async () => {
        this.#since = performance.now();
        return 0;
      },
      close: async () => {},
    };
  }

  source(of: Source): Source {
    const resumed = (): void => {
      if (this.#since !== undefined) this.ms.push(performance.now() - this.#since);
      this.#since = undefined;
    };
    return {
      open: () => of.open(),
      async *read(shard, from, stop) {
        for await (const batch of of.read(shard, from, stop)) {
          yield batch;
          resumed();
        }
      },
      close: async () => of.close?.(),
    };
  }

  store(of: CheckpointStore): CheckpointStore {
    return {
      load: (shard) => of.load(shard),
      save: async (checkpoint: Checkpoint): Promise<void> => {
        const started = performance.now();
        await of.save(checkpoint);
        this.savedMs.push(performance.now() - started);
      },
    };
  }
}

export const medianOf = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

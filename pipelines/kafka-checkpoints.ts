import type { Checkpoint, CheckpointStore } from '../state/checkpoint.js';
import type { TaskWorld } from './kafka-world.js';

export interface CheckpointOptions {
  readonly store: CheckpointStore | undefined;
  readonly everyMs: number;
  readonly everyRows: number;
}

/** Between two checkpoints that were hurried. */
const hurriedMs = 1000;

/** When the state of one partition is saved. The task stands still only while it is encoded, not until it is durable. */
export class Checkpoints {
  #sinceMs: number;
  #hurried = false;
  #records = 0;
  #saving: Promise<void> | undefined;

  constructor(
    readonly options: CheckpointOptions,
    readonly world: Pick<TaskWorld, 'onEvent' | 'nowMs'>,
    /** Offset of the newest that is durable; -1 before the first. */
    public saved: number,
    /** How much of the first interval has passed already. */
    passedMs: number,
  ) {
    this.#sinceMs = world.nowMs() - passedMs;
  }

  /** Records folded since the last one. */
  get unsaved(): number {
    return this.#records;
  }

  add(records: number): void {
    this.#records += records;
  }

  /** What was folded may come out otherwise when it is replayed, as a registry learns: let a crash find little to replay. */
  hurry(): void {
    this.#hurried = true;
  }

  /** Whether state at offset `next` is to be saved now. */
  due(next: number): boolean {
    const { store, everyMs, everyRows } = this.options;
    if (!store || this.#saving || next === this.saved) return false;
    const sinceMs = this.world.nowMs() - this.#sinceMs;
    return sinceMs >= (this.#hurried ? Math.min(hurriedMs, everyMs) : everyMs) || this.#records >= everyRows;
  }

  /** Encodes at once what `make` gives, a view of live state; to be durable it takes until `ended`. */
  begin(make: () => Checkpoint): void {
    const began = this.world.nowMs();
    this.#sinceMs = began;
    this.#records = 0;
    this.#hurried = false;
    let next = -1;
    let bytes = 0;
    const save = async (): Promise<void> => {
      const checkpoint = make();
      next = checkpoint.next;
      bytes = bytesOf(checkpoint);
      await this.options.store?.save(checkpoint);
    };
    const saving = save();
    const pauseMs = this.world.nowMs() - began;
    this.#saving = saving.then(
      () => {
        this.#saving = undefined;
        this.saved = next;
        this.world.onEvent({ type: 'checkpoint', next, ms: this.world.nowMs() - began, pauseMs, bytes });
      },
      (error: Error) => {
        this.#saving = undefined;
        // Without it only the next start takes longer; the records are committed.
        this.world.onEvent({ type: 'checkpoint-failed', next, error });
      },
    );
  }

  /** Waits for the one on its way. */
  async ended(): Promise<void> {
    await this.#saving;
  }
}

/** Bytes of all tables, without the frame round them. */
function bytesOf({ stages }: Checkpoint): number {
  const tables = Object.values(stages).flatMap((bundle) => Object.values(bundle));
  return tables.reduce((sum, { data }) => sum + data.reduce((all, { byteLength }) => all + byteLength, 0), 0);
}

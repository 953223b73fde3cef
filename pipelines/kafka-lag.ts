import type { KafkaAdmin } from '../connectors/kafka/admin.js';

/** Where a partition stands: `begin` is the first offset the log still holds. */
export interface Behind {
  readonly lag: number;
  readonly next: number;
  readonly begin: number;
}

export interface LagSource {
  /** By partition this process answers for: where its group stands, as far as a task knows. */
  committed(): ReadonlyMap<number, number | undefined>;
  onLag(partition: number, behind: Behind): void;
}

/** Measures how far partitions are behind, whether anything can be committed or not. */
export class LagWatch {
  #timer: NodeJS.Timeout | undefined;
  #measuring: Promise<void> | undefined;
  #stopped = false;
  /** Where groups stood when a task last knew. */
  readonly #known = new Map<number, number>();

  constructor(
    readonly admin: Pick<KafkaAdmin, 'ends' | 'committed' | 'close' | 'hurry'>,
    readonly of: { readonly input: string; readonly groupId: string },
    readonly source: LagSource,
  ) {}

  start(everyMs: number): void {
    this.#timer = setInterval(() => {
      // A cluster that is away cannot be asked: the last figure stays, and the age of the heartbeat grows.
      this.#measuring ??= this.measure()
        .catch(() => {})
        .finally(() => {
          this.#measuring = undefined;
        });
    }, everyMs);
  }

  async measure(): Promise<void> {
    const { input, groupId } = this.of;
    const owned = this.source.committed();
    for (const partition of this.#known.keys()) if (!owned.has(partition)) this.#known.delete(partition);
    if (owned.size === 0) return;
    const ends = await this.admin.ends(input);
    for (const [partition, committed] of owned) {
      if (committed !== undefined) this.#known.set(partition, committed);
      const known = this.#known.get(partition) ?? (await this.admin.committed(groupId, input, partition))?.offset ?? -1;
      const end = ends.get(partition);
      if (this.#stopped || !end) continue;
      // Without an offset all that the log holds is still to come.
      const next = Math.max(known, end.low);
      this.source.onLag(partition, {
        ...{ lag: Math.max(0, end.high - next), next: Math.max(0, known) },
        begin: end.low,
      });
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped = true;
    this.admin.hurry();
    // One that is under way closes its connection itself, when it ends.
    void this.#measuring?.then(() => this.admin.close());
    await this.admin.close();
  }
}

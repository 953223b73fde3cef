import type { Outgoing } from '../connectors/kafka/record.js';
import type { Writer } from '../connectors/kafka/writer.js';
import type { Alert, Reject } from '../event.js';
import type { PartitionAlerts } from './kafka-alert-queue.js';
import type { TaskWorld } from './kafka-world.js';

/** What became of some records. */
export interface Folded {
  readonly records: number;
  readonly results: number;
  readonly rejects: readonly Reject[];
  readonly ms: number;
  readonly alerts?: readonly Alert[] | undefined;
  /** Event time of the last row. */
  readonly eventMs?: number | undefined;
}

/** What was folded since the last commit was begun. */
interface Pending {
  readonly rows: Outgoing[];
  readonly alerts: Alert[];
  /** Event time of the last row. */
  eventMs: number;
  readonly reasons: Record<string, number>;
  bytes: number;
  records: number;
  results: number;
  rejects: number;
  foldMs: number;
  /** When the first of it was folded; undefined where there is nothing. */
  sinceMs: number | undefined;
}

/** Where a commit brings the group: an offset, and what is noted beside it. */
export interface Mark {
  readonly next: number;
  readonly metadata: string;
}

export interface CommitOptions {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly commitMs: number;
  /** Notes alerts in the commit that counts them: if it fails they come again, with the same ids. */
  readonly alerts?: PartitionAlerts | undefined;
  /** The partition as it was last fetched. */
  readonly feed: () => { readonly highWatermark: number; readonly waitingBytes: number } | undefined;
}

/** Markers alone, which bring the offset forward only, may wait longer. */
const markersMs = 5000;
/** Output that waits for a commit takes not much more memory than this. */
const bytesMax = 16 * 2 ** 20;

const nothing = (): Pending => ({
  ...{ rows: [], bytes: 0, reasons: {}, records: 0, results: 0, rejects: 0, foldMs: 0, sinceMs: undefined },
  ...{ alerts: [], eventMs: Number.NEGATIVE_INFINITY },
});

/**
 * The commits of one partition, one after another. While one is on its way the task goes on folding: an event waits for
 * the commit it came too late for and for its own, and the processor for neither.
 */
export class Commits {
  #pending = nothing();
  #running: Promise<void> | undefined;
  #failure: { readonly error: Error } | undefined;
  #suspect = false;
  /** Commits that succeeded. */
  count = 0;

  constructor(
    readonly options: CommitOptions,
    readonly world: Pick<TaskWorld, 'committed' | 'onEvent' | 'nowMs'>,
    readonly writer: Writer,
    /** Offset the group stands at; -1 where it never has committed. */
    public committed: number,
    /** Told when a commit has ended, well or not. */
    readonly onEnd: (error?: Error) => void,
  ) {}

  /** Records that no commit has been begun for, or the rows made of them if those are more. */
  get waiting(): number {
    return Math.max(this.#pending.records, this.#pending.rows.length);
  }

  /** A commit is due for so many rows, or for all the bytes that may wait. */
  full(rowsMax: number): boolean {
    return this.waiting >= rowsMax || this.#pending.bytes >= bytesMax;
  }

  /** Somebody else may have had the partition meanwhile: look before the next commit. */
  suspect(): void {
    this.#suspect = true;
  }

  add(rows: readonly Outgoing[], { records, results, rejects, ms, alerts = [], eventMs }: Folded): void {
    const pending = this.#pending;
    // The wait of records counts from the first of them, not from markers before it.
    if (pending.sinceMs === undefined || (pending.records === 0 && records > 0)) pending.sinceMs = this.world.nowMs();
    // Not push(...rows): a slice may give more rows than a call may have arguments.
    for (const row of rows) {
      pending.rows.push(row);
      pending.bytes += row.value?.length ?? 0;
    }
    pending.alerts.push(...alerts);
    pending.eventMs = Math.max(pending.eventMs, eventMs ?? Number.NEGATIVE_INFINITY);
    pending.records += records;
    pending.results += results;
    pending.rejects += rejects.length;
    pending.foldMs += ms;
    for (const { stage, reason } of rejects) {
      const name = `${stage}/${reason}`;
      pending.reasons[name] = (pending.reasons[name] ?? 0) + 1;
    }
  }

  /** Makes the offset worth a commit now, though there may be nothing to be written with it. */
  hurry(): void {
    this.#pending.sinceMs = Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds until the next commit is due; for ever while one is on its way, whose end is told. */
  dueMs(): number {
    const { sinceMs, records } = this.#pending;
    if (sinceMs === undefined || this.#running) return Number.POSITIVE_INFINITY;
    const { commitMs } = this.options;
    if (sinceMs === Number.NEGATIVE_INFINITY) return 0;
    return sinceMs + (records > 0 ? commitMs : Math.max(commitMs, markersMs)) - this.world.nowMs();
  }

  /** Begins to commit all that is pending, once the commit before has ended; throws what one of them threw. */
  async begin(mark: () => Mark): Promise<void> {
    await this.ended();
    this.check();
    const pending = this.#pending;
    this.#pending = nothing();
    this.#running = this.#commit(pending, mark()).then(
      () => {
        this.#running = undefined;
        this.onEnd();
      },
      (error: Error) => {
        this.#running = undefined;
        this.#failure = { error };
        this.onEnd(error);
      },
    );
  }

  /** Waits for the commit on its way; whether it succeeded is asked by `check`. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Throws the error of a commit that failed. */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #commit(
    { rows, alerts, eventMs, sinceMs: _, bytes: __, ...folded }: Pending,
    { next, metadata }: Mark,
  ): Promise<void> {
    const { world, options } = this;
    const { groupId, topic, partition } = options;
    if (this.#suspect) await this.#verify();
    if (alerts.length > 0) await options.alerts?.write(alerts);
    if (eventMs > Number.NEGATIVE_INFINITY) await options.alerts?.advance(eventMs);
    for (const note of options.alerts?.take() ?? []) {
      rows.push(note);
      countLetter(note, folded.reasons);
    }
    const began = world.nowMs();
    await this.writer.commit(rows, { groupId, topic, partition, offset: next, metadata });
    this.committed = next;
    this.count++;
    options.alerts?.committed(began);
    const { highWatermark = 0, waitingBytes = 0 } = options.feed() ?? {};
    const lag = Math.max(0, highWatermark - next);
    world.onEvent({ type: 'committed', next, ...folded, ms: world.nowMs() - began, lag, waitingBytes });
  }

  async #verify(): Promise<void> {
    this.#suspect = false;
    const now = await this.world.committed();
    if ((now?.offset ?? -1) === this.committed) return;
    const { topic, partition } = this.options;
    throw new Error(
      `${topic}-${partition}: the group stands at ${now?.offset}, this task at ${this.committed}: another process had the partition`,
    );
  }
}

/** What a receiver of alerts refused is a dead letter like those of records: it counts where it is committed. */
function countLetter({ headers = {} }: Outgoing, reasons: Record<string, number>): void {
  const [stage, reason] = [headers['x-error-stage'], headers['x-error-class']];
  if (stage === undefined || reason === undefined) return;
  const name = `${String(stage)}/${String(reason)}`;
  reasons[name] = (reasons[name] ?? 0) + 1;
}

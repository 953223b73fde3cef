import type { Batch, Event } from '../event.js';
import { count } from './numbers.js';
import { WorstAnomalies } from './worst.js';

/** Anomalies that are kept for the end of a run, which may never come. */
export const tallyAnomalies = 1_000;

/** What a run has found so far, as far as the end of the run tells it. */
export class Tally {
  rows = 0;
  /** More than one series was seen. */
  manyKeys = false;
  #key: string | undefined;
  #next = 0;
  #shard = '';
  readonly rejects = new Map<string, number>();
  /** What the first refused row was told, and its line where the input is text. */
  firstReject: string | undefined;
  readonly anomalies = new WorstAnomalies(tallyAnomalies);

  constructor(
    /** Places are offsets in shards, not rows of a file. */
    readonly offsets = false,
  ) {}

  /** A shard is read from here on. */
  begin(shard: string, next: number): void {
    this.#shard = shard;
    this.#next = next;
  }

  /** How far the log was read, for people. */
  get place(): string {
    return this.offsets ? `offset ${count(this.#next)} of ${this.#shard}` : `row ${count(this.#next)}`;
  }

  batch({ rows, rejects, anomalies = [], next }: Batch<Pick<Event, 'key'>>): void {
    this.#key ??= rows[0]?.key;
    this.manyKeys ||= rows.some(({ key }) => key !== this.#key);
    this.rows += rows.length;
    this.#next = next;
    const [first] = rejects;
    if (first) this.firstReject ??= `${first.line === undefined ? '' : `line ${first.line}: `}${first.message}`;
    for (const { reason } of rejects) this.rejects.set(reason, (this.rejects.get(reason) ?? 0) + 1);
    for (const anomaly of anomalies) this.anomalies.add(anomaly);
  }

  get rejected(): number {
    return [...this.rejects.values()].reduce((sum, n) => sum + n, 0);
  }
}

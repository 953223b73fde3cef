import type { Batch, Event, Heard } from '../event.js';
import { count } from './numbers.js';
import { WorstAnomalies } from './worst.js';

/** Anomalies that are kept for the end of a run, which may never come. */
export const tallyAnomalies = 1_000;

/** Marks that found nothing, of which the end of the run tells. */
const tallyMarks = 20;

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
  /** Marks that were handed to the steps, those of them that a step took, those that found an alarm, and those alarms. */
  readonly marks = { handed: 0, heard: 0, found: 0, alarms: 0 };
  /** The first of those that found nothing. */
  readonly vainMarks: Heard[] = [];

  constructor(
    /** Places are offsets in shards, not rows of a file. */
    readonly offsets = false,
  ) {}

  /** A shard is read from here on. */
  begin(shard: string, next: number): void {
    this.#shard = shard;
    this.#next = next;
  }

  /** Where the log is read on. */
  get next(): number {
    return this.#next;
  }

  /** How far the log was read, for people. */
  get place(): string {
    return this.offsets ? `offset ${count(this.#next)} of ${this.#shard}` : `row ${count(this.#next)}`;
  }

  batch({ rows, rejects, anomalies = [], marks = [], heard = [], next }: Batch<Pick<Event, 'key'>>): void {
    this.#key ??= rows[0]?.key;
    this.manyKeys ||= rows.some(({ key }) => key !== this.#key);
    this.rows += rows.length;
    this.#next = next;
    const [first] = rejects;
    if (first) this.firstReject ??= `${first.line === undefined ? '' : `line ${first.line}: `}${first.message}`;
    for (const { reason } of rejects) this.rejects.set(reason, (this.rejects.get(reason) ?? 0) + 1);
    for (const anomaly of anomalies) this.anomalies.add(anomaly);
    for (const mark of marks) this.#mark(heard.filter((one) => one.mark === mark));
  }

  /** One mark and what became of it: several steps may have taken it. */
  #mark(heard: readonly Heard[]): void {
    this.marks.handed++;
    const [first] = heard;
    if (!first) return;
    this.marks.heard++;
    const alarms = Math.max(...heard.map((one) => one.alarms));
    this.marks.alarms += alarms;
    if (alarms > 0) this.marks.found++;
    else if (this.vainMarks.length < tallyMarks) this.vainMarks.push(first);
  }

  get rejected(): number {
    return [...this.rejects.values()].reduce((sum, n) => sum + n, 0);
  }
}

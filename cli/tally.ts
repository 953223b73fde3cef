import type { Batch, Event } from '../event.js';
import { WorstAnomalies } from './worst.js';

/** Anomalies that are kept for the end of a run, which may never come. */
export const tallyAnomalies = 1_000;

/** What a run has found so far, as far as the end of the run tells it. */
export class Tally {
  rows = 0;
  /** More than one series was seen. */
  manyKeys = false;
  #key: string | undefined;
  next = 0;
  readonly rejects = new Map<string, number>();
  readonly anomalies = new WorstAnomalies(tallyAnomalies);

  batch({ rows, rejects, anomalies = [], next }: Batch<Pick<Event, 'key'>>): void {
    this.#key ??= rows[0]?.key;
    this.manyKeys ||= rows.some(({ key }) => key !== this.#key);
    this.rows += rows.length;
    this.next = next;
    for (const { reason } of rejects) this.rejects.set(reason, (this.rejects.get(reason) ?? 0) + 1);
    for (const anomaly of anomalies) this.anomalies.add(anomaly);
  }

  get rejected(): number {
    return [...this.rejects.values()].reduce((sum, n) => sum + n, 0);
  }
}

import type { Anomaly, Batch } from '../event.js';

/** What a run has found so far, as far as the end of the run tells it. */
export class Tally {
  rows = 0;
  next = 0;
  readonly rejects = new Map<string, number>();
  /** By id, each as it was last told. */
  readonly anomalies = new Map<string, Anomaly>();

  batch({ rows, rejects, anomalies = [], next }: Batch<unknown>): void {
    this.rows += rows.length;
    this.next = next;
    for (const { reason } of rejects) this.rejects.set(reason, (this.rejects.get(reason) ?? 0) + 1);
    for (const anomaly of anomalies) this.anomalies.set(anomaly.id, anomaly);
  }

  get rejected(): number {
    return [...this.rejects.values()].reduce((sum, n) => sum + n, 0);
  }
}

import { type Anomaly, type Severity, severities } from '../event.js';

/** The more severe first, of these the rarer. */
export const worseFirst = (a: Anomaly, b: Anomaly): number =>
  severities.indexOf(b.severity) - severities.indexOf(a.severity) || a.score - b.score || (a.id < b.id ? -1 : 1);

/**
 * The worst anomalies of a log without end, each as it was last told, and how many there were. What is dropped is never
 * told again: only closed ones are, and a key has at most one that is open.
 */
export class WorstAnomalies {
  readonly #kept = new Map<string, Anomaly>();
  readonly #dropped: Record<Severity, number> = { info: 0, warning: 0, major: 0, critical: 0 };
  #sinceDrop = 0;

  constructor(
    readonly limit: number,
    anomalies: Iterable<Anomaly> = [],
  ) {
    for (const anomaly of anomalies) this.add(anomaly);
  }

  add(anomaly: Anomaly): void {
    this.#kept.set(anomaly.id, anomaly);
    // Room for as many again, so that sorting is rare.
    if (anomaly.status === 'closed' && ++this.#sinceDrop >= this.limit) this.#drop();
  }

  /** How many there were in all. */
  get count(): number {
    return Object.values(this.bySeverity).reduce((sum, n) => sum + n, 0);
  }

  get bySeverity(): Record<Severity, number> {
    const counts = { ...this.#dropped };
    for (const { severity } of this.#kept.values()) counts[severity]++;
    return counts;
  }

  /** The worst of them, the worst first. */
  worst(): Anomaly[] {
    return [...this.#kept.values()].sort(worseFirst).slice(0, this.limit);
  }

  #drop(): void {
    this.#sinceDrop = 0;
    const closed = [...this.#kept.values()].filter(({ status }) => status === 'closed').sort(worseFirst);
    for (const { id, severity } of closed.slice(this.limit)) {
      this.#kept.delete(id);
      this.#dropped[severity]++;
    }
  }
}

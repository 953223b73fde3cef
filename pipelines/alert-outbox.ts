import type { Delivery } from '../connectors/alerts/sink.js';
import type { Alert } from '../event.js';
import { hash, type Receipt, type Telling, type Told } from './alert-group.js';

/** A telling as it was due, that waits for the receiver; of how many changes it is the first news. */
export interface Sealed {
  readonly delivery: Delivery;
  readonly told: readonly Told[];
  readonly changes: number;
}

/** Changes that are handed out at once where each is told. */
const lineMax = 500;

/** What is to be handed out as it is, in order: changes where each is told, and tellings that were due and cannot change any more. */
export class AlertOutbox {
  readonly line: Alert[];
  readonly sealed: Sealed[] = [];
  /** Alerts in the tellings. */
  sealedAlerts = 0;

  constructor(line: readonly Alert[] = [], sealed: readonly Sealed[] = []) {
    this.line = [...line];
    for (const one of sealed) this.keep(one);
  }

  get isEmpty(): boolean {
    return this.line.length === 0 && this.sealed.length === 0;
  }

  /** Changes that are still to be told. */
  get waiting(): number {
    return this.line.length + this.sealed.reduce((sum, { changes }) => sum + changes, 0);
  }

  keep(sealed: Sealed): void {
    this.sealed.push(sealed);
    this.sealedAlerts += sealed.told.length;
  }

  /** What is to be handed out first; nothing changes until it is `delivered`. */
  take(): Telling | undefined {
    const [sealed] = this.sealed;
    if (sealed) {
      const { delivery, told } = sealed;
      return { delivery, receipt: { group: null, told, sealed: delivery.id } };
    }
    if (this.line.length === 0) return undefined;
    const alerts = this.line.slice(0, lineMax);
    const told = alerts.map(({ id, revision }) => [id, revision] as const);
    const status = alerts.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved';
    const delivery = { id: hash(told), group: null, labels: {}, status, alerts, first: true } as const;
    return { delivery, receipt: { group: null, told } };
  }

  delivered({ told, sealed }: Receipt): void {
    if (sealed !== undefined) {
      const at = this.sealed.findIndex(({ delivery }) => delivery.id === sealed);
      if (at >= 0) this.sealedAlerts -= this.sealed.splice(at, 1)[0].told.length;
      return;
    }
    const [first] = this.line;
    // Told of what is no longer first in line, as after a drop: those that are left go, no others.
    if (first?.id === told[0]?.[0] && first?.revision === told[0]?.[1]) this.line.splice(0, told.length);
    else for (const [id, revision] of told) this.leaveLine(id, revision);
  }

  leaveLine(id: string, revision: number): void {
    const at = this.line.findIndex((alert) => alert.id === id && alert.revision === revision);
    if (at >= 0) this.line.splice(at, 1);
  }
}

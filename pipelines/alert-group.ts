import { createHash } from 'node:crypto';
import type { Delivery } from '../connectors/alerts/sink.js';
import type { Alert } from '../event.js';

/** When alerts that belong together are told. Times are of the clock on the wall. */
export interface Timing {
  /** How long the first alert of a group waits for others; default 30 s. */
  readonly waitMs: number;
  /** Least time between two tellings of a group that has changed; default 5 min. */
  readonly intervalMs: number;
  /** How often a group that goes on firing without change is told again; default 4 h, 0 for never. */
  readonly repeatMs: number;
  /** Whether ends are told; default true. */
  readonly sendResolved: boolean;
}

/** An alert of a group, and how much of it was told. */
export interface Entry {
  alert: Alert;
  /** Revision that was told last; 0 for none. */
  told: number;
}

export interface Group {
  readonly key: string;
  /** The incident: new when a group begins anew. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timing: Timing;
  readonly alerts: Map<string, Entry>;
  /** Tellings so far. */
  round: number;
  /** When the first change came that is not told yet, and when it was last told; null for never. */
  changedMs: number | null;
  toldMs: number | null;
}

/** What `take` hands out, to be given back to `delivered`. */
export interface Receipt {
  readonly group: string | null;
  readonly told: readonly (readonly [id: string, revision: number])[];
}

/** Whether there is something of an alert that people should hear and have not: an end is told to whoever heard the beginning. */
export function isDue({ alert, told }: Entry, { sendResolved }: Timing): boolean {
  if (alert.revision <= told) return false;
  if (alert.status === 'resolved') return sendResolved && (told > 0 || alert.silencedBy === undefined);
  return alert.silencedBy === undefined;
}

/** Notes since when a group has had something to be told. */
export function settle(group: Group, nowMs: number): void {
  let waits = false;
  for (const entry of group.alerts.values()) {
    if (!isDue(entry, group.timing)) continue;
    waits = true;
    break;
  }
  group.changedMs = waits ? (group.changedMs ?? nowMs) : null;
}

/** When a group is to be told next. */
export function dueMs({ alerts, timing, changedMs, toldMs }: Group, hurry: boolean): number {
  const { waitMs, intervalMs, repeatMs } = timing;
  if (changedMs !== null) {
    if (hurry) return changedMs;
    return toldMs === null ? changedMs + waitMs : Math.max(changedMs, toldMs + intervalMs);
  }
  if (toldMs === null || repeatMs <= 0 || hurry) return Number.POSITIVE_INFINITY;
  for (const { alert, told } of alerts.values()) {
    if (told > 0 && alert.status === 'firing' && alert.silencedBy === undefined) return toldMs + repeatMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** What people are told of a group now: all that fires, and ends they have not heard of. */
export function tellingOf(group: Group): { delivery: Delivery; receipt: Receipt } {
  const entries = [...group.alerts.values()].filter(
    (entry) => isDue(entry, group.timing) || (entry.alert.status === 'firing' && entry.alert.silencedBy === undefined),
  );
  const alerts = entries.map(({ alert }) => alert);
  const told = alerts.map(({ id, revision }) => [id, revision] as const);
  const goesOn = [...group.alerts.values()].some(({ alert }) => alert.status === 'firing');
  return {
    delivery: {
      id: hash([group.id, group.round, told]),
      group: group.id,
      labels: group.labels,
      status: goesOn ? 'firing' : 'resolved',
      alerts,
      first: group.round === 0,
    },
    receipt: { group: group.key, told },
  };
}

/** A short name for a value, the same for the same value. */
export const hash = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);

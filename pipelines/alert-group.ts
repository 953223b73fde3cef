import { createHash } from 'node:crypto';
import type { Delivery } from '../connectors/alerts/sink.js';
import type { Alert } from '../event.js';
import { isCrowd, levelOf, type Parts, withParts } from './alert-crowd.js';

/** When alerts that belong together are told: by the clock on the wall, in a replay by event time. */
export interface Timing {
  /** How long the first new alert that is not told yet waits for others; default 30 s. */
  readonly waitMs: number;
  /** Least time between two tellings of a group that has changed; default 5 min. */
  readonly intervalMs: number;
  /** How often a group that goes on firing without change is told again; default 4 h, 0 for never. */
  readonly repeatMs: number;
  /** Whether ends are told; default true. */
  readonly sendResolved: boolean;
}

export const timingDefault: Timing = { waitMs: 30_000, intervalMs: 300_000, repeatMs: 14_400_000, sendResolved: true };

/** An alert of a group, and how much of it was told. */
export interface Entry {
  alert: Alert;
  /** Revision that was told last; 0 for none. */
  told: number;
  /** When it first fired; new in this release. */
  firedMs?: number;
  /** Revision that was due before a silence began: it is told all the same. */
  owed?: number;
  /** Of an earlier pass of time, which has begun anew since: it is not repeated. */
  past?: true;
  /** Of many keys at once: alerts of single keys that are part of it, the worst, those from when on; what was told of the worst. */
  parts?: Parts;
  partsLevel?: number;
  partsFromMs?: number;
  toldLevel?: number;
}

export type Told = readonly [id: string, revision: number, level?: number];

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
  /** When the first alert came that fires and that nobody has heard of; earlier releases did not note it. */
  firedMs?: number | null;
}

/** What `take` hands out, to be given back to `delivered`. */
export interface Receipt {
  readonly group: string | null;
  readonly told: readonly Told[];
  /** Id of the delivery, where it was sealed before. */
  readonly sealed?: string;
}

/** A delivery, and what is to be noted when it has gone. */
export interface Telling {
  readonly delivery: Delivery;
  readonly receipt: Receipt;
}

/** Whether a silence keeps an alert from people, or that it is part of one of many keys. */
export function isHeld({ alert: { silencedBy, partOf }, told, owed = 0 }: Entry): boolean {
  return (silencedBy !== undefined || partOf !== undefined) && told >= owed;
}

/** Whether there is something of an alert that people should hear and have not: an end is told to whoever heard the beginning. */
export function isDue(entry: Entry, { sendResolved }: Timing): boolean {
  const { alert, told, toldLevel = Number.POSITIVE_INFINITY } = entry;
  if (alert.revision <= told) return alert.status === 'firing' && levelOf(entry) > toldLevel && !isHeld(entry);
  if (alert.status === 'resolved') return sendResolved && (told > 0 || !isHeld(entry));
  return !isHeld(entry);
}

/** Notes since when a group has had something to be told. */
export function settle(group: Group, nowMs: number): void {
  let waits = false;
  let untold = false;
  for (const entry of group.alerts.values()) {
    if (!isDue(entry, group.timing)) continue;
    waits = true;
    untold ||= entry.told === 0;
    if (untold || (group.firedMs ?? null) === null) break;
  }
  group.changedMs = waits ? (group.changedMs ?? nowMs) : null;
  if (!untold) group.firedMs = null;
}

/** When a group is to be told next. */
export function dueMs({ alerts, timing, changedMs, toldMs, firedMs }: Group, hurry: boolean): number {
  const { waitMs, intervalMs, repeatMs } = timing;
  if (changedMs !== null) {
    if (hurry) return changedMs;
    if (toldMs === null) return changedMs + waitMs;
    // What else is to be told goes with the new alert: a telling holds all that fires.
    return Math.max(toldMs + intervalMs, changedMs, (firedMs ?? Number.NEGATIVE_INFINITY) + waitMs);
  }
  if (toldMs === null || repeatMs <= 0 || hurry) return Number.POSITIVE_INFINITY;
  for (const entry of alerts.values()) {
    if (entry.told > 0 && !entry.past && entry.alert.status === 'firing' && !isHeld(entry)) return toldMs + repeatMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** What people are told of a group now: all that fires, and ends they have not heard of. */
export function tellingOf(group: Group): Telling {
  const entries = [...group.alerts.values()].filter(
    (entry) => isDue(entry, group.timing) || (entry.alert.status === 'firing' && !isHeld(entry)),
  );
  const alerts = entries.map((entry) => withParts(entry));
  const told = entries.map((entry): Told => {
    const { id, revision } = entry.alert;
    return isCrowd(entry.alert) ? [id, revision, levelOf(entry)] : [id, revision];
  });
  // Of what is kept from people and was never told they hear no end: it keeps no incident open.
  const goesOn = [...group.alerts.values()].some(
    (entry) => entry.alert.status === 'firing' && (entry.told > 0 || !isHeld(entry)),
  );
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

/** How many changes a group has still to tell. */
export function changesOf({ alerts, timing }: Group): number {
  let changes = 0;
  for (const entry of alerts.values()) if (isDue(entry, timing)) changes++;
  return changes;
}

import { type Alert, severities } from '../event.js';
import type { Entry } from './alert-group.js';

/** Alerts of single keys that are part of one of many keys, by id: key and severity, as an index. */
export type Parts = Record<string, readonly [key: string, level: number]>;

/** Keys that the alert of many names. */
const namedKeys = 10;
/**
 * An anomaly of a key is called over only when its rows have been normal for longer than those of the many: its alert has so
 * many times as long to end as that of many keys had, before it counts as one that outlasts it.
 */
const lingerTimes = 3;

/** Which alerts of many keys at once fire or have just ended, and which alerts of single keys are part of them. */
export class AlertCrowds {
  readonly #firing = new Set<string>();
  /** Until when alerts stay part of one that has ended. */
  readonly #ended: Map<string, number>;

  constructor(
    readonly entryOf: (id: string) => Entry | undefined,
    ended: readonly (readonly [string, number])[] = [],
  ) {
    this.#ended = new Map(ended);
  }

  get ended(): [string, number][] {
    return [...this.#ended];
  }

  /**
   * The one that an alert is part of: of the same rule, detector and shard, firing, and begun no later than so long after it
   * as it took to be told, by its first row or by when it fired: the first row was found looking back, and by chance may lie
   * long before. One that is kept from people takes none with it.
   */
  of(alert: Alert, firedMs = Number.NEGATIVE_INFINITY): Entry | undefined {
    if (isCrowd(alert)) return undefined;
    const startMs = Math.max(firedMs, Date.parse(alert.startsAt));
    for (const id of this.#firing) {
      const entry = this.entryOf(id);
      if (!entry || entry.alert.silencedBy !== undefined) continue;
      const { rule, detector, source } = entry.alert;
      if (rule !== alert.rule || detector !== alert.detector) continue;
      if (source.topic !== alert.source.topic || source.partition !== alert.source.partition) continue;
      if (startMs >= (entry.partsFromMs ?? Number.POSITIVE_INFINITY)) return entry;
    }
    return undefined;
  }

  /** Whether the one that an alert was part of has ended, but not so long ago that it must be told by itself. */
  keeps(partOf: string | undefined): partOf is string {
    return partOf !== undefined && this.#ended.has(partOf);
  }

  /** Notes how one of many keys stands; true where it must be looked anew which alerts are part of it. */
  see(entry: Entry, nowMs: number): boolean {
    const { id, status, startsAt, endsAt = startsAt, timeMs, silencedBy } = entry.alert;
    const startMs = Date.parse(startsAt);
    // It is known only some slots of time after it has begun, and in those before single keys may have begun.
    entry.partsFromMs ??= startMs - Math.max(0, timeMs - startMs);
    if (status === 'firing') {
      if (this.#firing.has(id)) return false;
      this.#firing.add(id);
      return true;
    }
    if (!this.#firing.delete(id)) return false;
    const quietMs = Math.max(0, timeMs - Date.parse(endsAt));
    if (quietMs > 0 && silencedBy === undefined) this.#ended.set(id, nowMs + lingerTimes * quietMs);
    return true;
  }

  /** One is gone; true where it fired. */
  forget(id: string): boolean {
    return this.#firing.delete(id);
  }

  /** When the first of those that have ended lets its alerts go. */
  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const untilMs of this.#ended.values()) nextMs = Math.min(nextMs, untilMs);
    return nextMs;
  }

  /** Time has come so far; true where any lets its alerts go. */
  pass(nowMs: number): boolean {
    const before = this.#ended.size;
    for (const [id, untilMs] of this.#ended) if (untilMs <= nowMs) this.#ended.delete(id);
    return this.#ended.size < before;
  }
}

export const isCrowd = ({ together }: Alert): boolean => together !== undefined;

/** Notes an alert of one key as part of one of many. */
export function takePart(crowd: Entry, { id, key, severity }: Alert): void {
  crowd.parts ??= {};
  const level = Math.max(crowd.parts[id]?.[1] ?? 0, severities.indexOf(severity));
  crowd.parts[id] = [key, level];
  crowd.partsLevel = Math.max(crowd.partsLevel ?? 0, level);
}

/** The severity of an alert, as an index; of many keys at once it is no lower than that of its parts. */
export const levelOf = ({ alert, partsLevel = 0 }: Entry): number =>
  Math.max(severities.indexOf(alert.severity), partsLevel);

/** The alert as people are told of it: of many keys with how many of them have alarms of their own, and which. */
export function withParts(entry: Entry): Alert {
  const { alert, parts } = entry;
  if (!parts) return alert;
  const all = Object.values(parts).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const keys = [...new Set(all.map(([key]) => key))];
  const verb = alert.status === 'firing' ? (keys.length === 1 ? 'has' : 'have') : 'had';
  const rest = keys.length - namedKeys;
  const names = `${keys.slice(0, namedKeys).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return {
    ...alert,
    severity: severities[levelOf(entry)],
    summary: `${alert.summary}. ${keys.length} ${keys.length === 1 ? 'key' : 'keys'} ${verb} alarms of their own: ${names}`,
  };
}

import type { Delivery, Manner } from '../connectors/alerts/sink.js';
import type { Alert, Direction } from '../event.js';
import {
  dueMs,
  type Entry,
  type Group,
  hash,
  isDue,
  type Receipt,
  settle,
  type Timing,
  tellingOf,
} from './alert-group.js';

/** A book as plain JSON. */
export interface BookState {
  readonly groups: readonly (Omit<Group, 'alerts'> & { readonly alerts: readonly Entry[] })[];
  readonly line: readonly Alert[];
  readonly seen: readonly (readonly [string, number])[];
  readonly open: readonly (readonly [string, OpenAlert])[];
}

export interface OpenAlert {
  readonly key: string;
  readonly detector: string;
  readonly direction: Direction;
}

/** Alerts whose last change is remembered, so that a replay does not tell it again. */
export const seenMax = 100_000;
/** Changes that are handed out at once where each is told. */
const lineMax = 500;

/**
 * What one sink has been told and is still to be told: groups that wait, fire and end, or a line of changes. It knows no
 * clock and no disk; the same calls at the same times make the same book, so it can be rebuilt from a journal.
 */
export class AlertBook {
  readonly #groups = new Map<string, Group>();
  /** Group of each alert that is in one: it stays there whatever becomes of its labels. */
  readonly #home = new Map<string, Group>();
  readonly #line: Alert[] = [];
  readonly #seen = new Map<string, number>();
  readonly #open = new Map<string, OpenAlert>();

  constructor(
    readonly manner: Manner,
    state?: BookState,
  ) {
    if (!state) return;
    for (const { alerts, ...group } of state.groups) {
      const made: Group = { ...group, alerts: new Map(alerts.map((entry) => [entry.alert.id, { ...entry }])) };
      this.#groups.set(made.key, made);
      for (const id of made.alerts.keys()) this.#home.set(id, made);
    }
    this.#line.push(...state.line);
    for (const [id, revision] of state.seen) this.#seen.set(id, revision);
    for (const [id, alert] of state.open) this.#open.set(id, alert);
  }

  get state(): BookState {
    return {
      groups: [...this.#groups.values()].map((group) => ({ ...group, alerts: [...group.alerts.values()] })),
      line: [...this.#line],
      seen: [...this.#seen],
      open: [...this.#open],
    };
  }

  /** Alerts that fire. */
  get open(): ReadonlyMap<string, OpenAlert> {
    return this.#open;
  }

  /** What the bound of the queue counts: changes in line, or alerts in groups. */
  get size(): number {
    return this.manner === 'each' ? this.#line.length : this.#home.size;
  }

  /** Changes that are still to be told; those of silenced alerts do not count. */
  get waiting(): number {
    let waiting = this.#line.length;
    for (const { alerts, timing } of this.#groups.values()) {
      for (const entry of alerts.values()) if (isDue(entry, timing)) waiting++;
    }
    return waiting;
  }

  /** Takes in a change; false if this or a later one of the same alert was taken before. */
  accept(
    alert: Alert,
    groupKey: string,
    labels: Readonly<Record<string, string>>,
    timing: Timing,
    nowMs: number,
  ): boolean {
    if ((this.#seen.get(alert.id) ?? 0) >= alert.revision) return false;
    this.#see(alert);
    const group =
      this.#home.get(alert.id) ?? this.#groups.get(groupKey) ?? this.#begin(alert, groupKey, labels, timing);
    const grouped = { ...alert, group: group.id };
    this.#home.set(alert.id, group);
    if (this.manner === 'each') {
      this.#line.push(grouped);
      group.alerts.set(alert.id, { alert: grouped, told: alert.revision });
      if (alert.status === 'resolved') this.#drop(group, alert.id);
      return true;
    }
    const entry: Entry = { alert: grouped, told: group.alerts.get(alert.id)?.told ?? 0 };
    group.alerts.set(alert.id, entry);
    // What ends before anybody heard of it under a silence was never there for people.
    const vanished = alert.status === 'resolved' && entry.told === 0 && alert.silencedBy !== undefined;
    const muted = alert.status === 'resolved' && !group.timing.sendResolved;
    if (vanished || muted) this.#drop(group, alert.id);
    if (!vanished && !muted && isDue(entry, group.timing)) group.changedMs ??= nowMs;
    else settle(group, nowMs);
    return true;
  }

  /** Alerts that fire, to see whether a silence has begun or ended; empty where each change is told, silenced or not. */
  firing(): Alert[] {
    if (this.manner === 'each') return [];
    return [...this.#home].flatMap(([id, group]) => {
      const alert = group.alerts.get(id)?.alert;
      return alert?.status === 'firing' ? [alert] : [];
    });
  }

  /** A silence of an alert that fires has begun, or ended. */
  silence(id: string, by: string | undefined, nowMs: number): void {
    const group = this.#home.get(id);
    const entry = group?.alerts.get(id);
    if (!group || !entry) return;
    const { silencedBy: _, ...alert } = entry.alert;
    entry.alert = by === undefined ? alert : { ...alert, silencedBy: by };
    settle(group, nowMs);
  }

  /** When something is to be told next; with `hurry` changes do not wait for others. */
  nextMs(hurry = false): number {
    if (this.#line.length > 0) return Number.NEGATIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const group of this.#groups.values()) nextMs = Math.min(nextMs, dueMs(group, hurry));
    return nextMs;
  }

  /** What is to be told now, the longest due first; nothing changes until it is `delivered`. */
  take(nowMs: number, hurry = false): { delivery: Delivery; receipt: Receipt } | undefined {
    if (this.#line.length > 0) return this.#nextOfLine();
    let next: Group | undefined;
    for (const group of this.#groups.values()) {
      const due = dueMs(group, hurry);
      if (due <= nowMs && (!next || due < dueMs(next, hurry))) next = group;
    }
    return next && tellingOf(next);
  }

  /** What was taken has been told, or refused for good. */
  delivered({ group: key, told }: Receipt, nowMs: number): void {
    if (key === null) {
      const first = this.#line[0];
      // Told of what is no longer first in line, as after a drop: those that are left go, no others.
      if (first?.id === told[0]?.[0] && first?.revision === told[0]?.[1]) this.#line.splice(0, told.length);
      else for (const [id, revision] of told) this.#leaveLine(id, revision);
      return;
    }
    const group = this.#groups.get(key);
    if (!group) return;
    for (const [id, revision] of told) {
      const entry = group.alerts.get(id);
      if (!entry) continue;
      entry.told = revision;
      if (entry.alert.status === 'resolved' && entry.alert.revision <= revision) this.#drop(group, id);
    }
    group.round++;
    group.toldMs = nowMs;
    settle(group, nowMs);
  }

  /** Whether a change makes the book larger. Where the newest is given up, ends of what is in line are let in all the same. */
  takesRoom({ id, revision, status }: Alert, newestGoes: boolean): boolean {
    if ((this.#seen.get(id) ?? 0) >= revision) return false;
    if (!this.#home.has(id)) return true;
    return this.manner === 'each' && !(newestGoes && status === 'resolved');
  }

  /**
   * Gives up what has waited longest, as the queue is full; undefined if there is nothing that may go. From a group goes
   * only what nobody has heard of, silenced alerts first, and nothing that is `flying` to the receiver just now: of what
   * was told the end would come under a new incident, and the old one would stay open for good.
   */
  dropOldest(flying: ReadonlySet<string> = new Set()): Alert | undefined {
    const first = this.#line.shift();
    if (first) return first;
    const may = ({ alert, told }: Entry): boolean => told === 0 && !flying.has(alert.id);
    return this.#dropFirst((entry) => may(entry) && entry.alert.silencedBy !== undefined) ?? this.#dropFirst(may);
  }

  /** Gives up a change that was given up before: for what is rebuilt from a journal. */
  drop(id: string, revision: number): void {
    if (this.manner === 'each') this.#leaveLine(id, revision);
    else this.#dropFirst(({ alert }) => alert.id === id);
  }

  #dropFirst(fits: (entry: Entry) => boolean): Alert | undefined {
    for (const group of this.#groups.values()) {
      for (const [id, entry] of group.alerts) {
        if (!fits(entry)) continue;
        this.#drop(group, id);
        settle(group, group.changedMs ?? 0);
        return entry.alert;
      }
    }
    return undefined;
  }

  #leaveLine(id: string, revision: number): void {
    const at = this.#line.findIndex((alert) => alert.id === id && alert.revision === revision);
    if (at >= 0) this.#line.splice(at, 1);
  }

  #nextOfLine(): { delivery: Delivery; receipt: Receipt } {
    const alerts = this.#line.slice(0, lineMax);
    const told = alerts.map(({ id, revision }) => [id, revision] as const);
    const status = alerts.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved';
    const delivery = { id: hash(told), group: null, labels: {}, status, alerts, first: true } as const;
    return { delivery, receipt: { group: null, told } };
  }

  #begin(alert: Alert, key: string, labels: Readonly<Record<string, string>>, timing: Timing): Group {
    const group: Group = {
      key,
      id: hash([key, alert.id]),
      labels,
      timing,
      alerts: new Map(),
      round: 0,
      changedMs: null,
      toldMs: null,
    };
    this.#groups.set(key, group);
    return group;
  }

  #drop(group: Group, id: string): void {
    group.alerts.delete(id);
    this.#home.delete(id);
    if (group.alerts.size === 0) this.#groups.delete(group.key);
  }

  #see({ id, revision, status, key, detector, direction }: Alert): void {
    this.#seen.delete(id);
    this.#seen.set(id, revision);
    if (this.#seen.size > seenMax) this.#seen.delete(this.#seen.keys().next().value as string);
    if (status === 'firing') this.#open.set(id, { key, detector, direction });
    else this.#open.delete(id);
  }
}

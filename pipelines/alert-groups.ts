import type { Alert } from '../event.js';
import { AlertCrowds, isCrowd, takePart } from './alert-crowd.js';
import {
  changesOf,
  dueMs,
  type Entry,
  type Group,
  hash,
  isDue,
  isHeld,
  settle,
  type Telling,
  type Timing,
  type Told,
  tellingOf,
} from './alert-group.js';
import { DueOrder } from './due-order.js';

/** Times of groups that are out of date and kept all the same, beside two a group: nobody may ask for the first. */
const staleMost = 1000;

/** Groups as plain JSON. */
export interface GroupsState {
  readonly groups: readonly (Omit<Group, 'alerts'> & { readonly alerts: readonly Entry[] })[];
  /** Of many keys at once those that have ended, and until when alerts of single keys stay part of them; new in this release. */
  readonly ended?: readonly (readonly [string, number])[];
}

/** Where a change is put. */
export interface Place {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timing: Timing;
}

/** Alerts that are told together: which wait, which fire, which are part of one of many keys, and when each group is due. */
export class AlertGroups {
  readonly #groups = new Map<string, Group>();
  /** Group of each alert that is in one: it stays there whatever becomes of its labels. */
  readonly #home = new Map<string, Group>();
  readonly #crowds: AlertCrowds;
  /** Which is due first, as they wait and in a hurry. */
  readonly #waiting: DueOrder;
  readonly #hurried: DueOrder;

  /** `inLine`: changes are handed out elsewhere, one by one; groups only give them their names. */
  constructor(
    readonly inLine: boolean,
    state: GroupsState = { groups: [] },
  ) {
    const dueOf = (hurry: boolean) => (key: string) => {
      const group = this.#groups.get(key);
      return group && dueMs(group, hurry);
    };
    this.#waiting = new DueOrder(dueOf(false));
    this.#hurried = new DueOrder(dueOf(true));
    this.#crowds = new AlertCrowds((id) => this.#home.get(id)?.alerts.get(id), state.ended);
    for (const { alerts, ...group } of state.groups) {
      const made: Group = { ...group, alerts: new Map(alerts.map((entry) => [entry.alert.id, { ...entry }])) };
      this.#groups.set(made.key, made);
      for (const [id, entry] of made.alerts) {
        this.#home.set(id, made);
        if (isCrowd(entry.alert) && entry.alert.status === 'firing') this.#crowds.see(entry, 0);
      }
      this.#note(made);
    }
  }

  /** Copies: it is written later, and what changes until then is noted behind it. */
  get state(): GroupsState {
    const copy = (entry: Entry): Entry => ({ ...entry, ...(entry.parts ? { parts: { ...entry.parts } } : {}) });
    const groups = [...this.#groups.values()].map((group) => ({
      ...group,
      alerts: [...group.alerts.values()].map(copy),
    }));
    return { groups, ended: this.#crowds.ended };
  }

  get size(): number {
    return this.#home.size;
  }

  has(id: string): boolean {
    return this.#home.has(id);
  }

  /** Changes that are still to be told; those of alerts that are kept from people do not count. */
  get waiting(): number {
    let waiting = 0;
    for (const group of this.#groups.values()) waiting += changesOf(group);
    return waiting;
  }

  /** Takes in a change, and gives it with its incident and what it is part of. */
  put(plain: Alert, place: Place, nowMs: number): Alert {
    const group = this.#home.get(plain.id) ?? this.#groups.get(place.key) ?? this.#begin(plain, place);
    const before = group.alerts.get(plain.id);
    const firedMs = before?.firedMs ?? plain.timeMs;
    const crowd = this.#crowds.of(plain, firedMs);
    // What only ends was part of what has ended; what gets worse goes on by itself.
    const last =
      plain.status === 'resolved' && this.#crowds.keeps(before?.alert.partOf) ? before?.alert.partOf : undefined;
    const partOf = crowd?.alert.id ?? last;
    const alert = { ...plain, group: group.id, ...(partOf === undefined ? {} : { partOf }) };
    const wasDue = before !== undefined && isDue(before, group.timing);
    const entry: Entry = { ...before, alert, told: before?.told ?? 0, firedMs };
    delete entry.past;
    this.#home.set(alert.id, group);
    group.alerts.set(alert.id, entry);
    if (crowd) this.#join(crowd, alert, nowMs);
    const changed = isCrowd(alert) && this.#crowds.see(entry, nowMs);
    if (this.inLine) {
      entry.told = alert.revision;
      if (alert.status === 'resolved') this.#drop(group, alert.id);
    } else {
      // One that was held back or part of many has had its time to wait in.
      if (!before && alert.status === 'firing' && isDue(entry, group.timing)) group.firedMs ??= nowMs;
      this.#settleEntry(group, entry, wasDue, nowMs);
    }
    this.#note(group);
    if (changed) this.#relink(nowMs);
    return alert;
  }

  /** Alerts that fire. */
  firing(): Alert[] {
    return [...this.#home].flatMap(([id, group]) => {
      const alert = group.alerts.get(id)?.alert;
      return alert?.status === 'firing' ? [alert] : [];
    });
  }

  /** A silence of an alert that fires has begun, or ended, at an event time; what had been due by then is still told. */
  silence(id: string, by: string | undefined, nowMs: number, eventMs: number): void {
    const group = this.#home.get(id);
    const entry = group?.alerts.get(id);
    if (!group || !entry) return;
    const { silencedBy: _, ...alert } = entry.alert;
    const { waitMs, intervalMs } = group.timing;
    const toldGroupMs = entry.told === 0 ? Math.max(intervalMs, waitMs) : intervalMs;
    const patienceMs = group.toldMs === null ? waitMs : toldGroupMs;
    if (by !== undefined && isDue(entry, group.timing) && eventMs - alert.timeMs > patienceMs)
      entry.owed = alert.revision;
    entry.alert = by === undefined ? alert : { ...alert, silencedBy: by };
    this.#settle(group, nowMs);
    if (isCrowd(alert)) this.#relink(nowMs);
  }

  /** When a group is to be told next, or alerts may have to be told by themselves; with `hurry` changes do not wait for others. */
  nextMs(hurry: boolean): number {
    const firstMs = this.#first(hurry)?.atMs ?? Number.POSITIVE_INFINITY;
    return hurry ? firstMs : Math.min(firstMs, this.#crowds.nextMs);
  }

  /** The group that was due first, before a time. Alerts of the time itself may still come. */
  dueBefore(beforeMs: number, hurry: boolean): { readonly group: string; readonly atMs: number } | undefined {
    for (;;) {
      const next = this.#first(hurry);
      const first = next && next.atMs < beforeMs ? { group: next.key, atMs: next.atMs } : undefined;
      const { nextMs } = this.#crowds;
      if (hurry || nextMs >= beforeMs || nextMs > (first?.atMs ?? Number.POSITIVE_INFINITY)) return first;
      this.pass(nextMs);
    }
  }

  /** Time has come so far: what outlasts the many that it was part of is told by itself. */
  pass(nowMs: number): void {
    const { nextMs } = this.#crowds;
    // As of when it was so, whenever it is looked at.
    if (this.#crowds.pass(nowMs)) this.#relink(nextMs);
  }

  /** The telling of the group that is due the longest. */
  due(nowMs: number, hurry: boolean): Telling | undefined {
    const first = this.#first(hurry);
    return first && first.atMs <= nowMs ? tellingOf(this.#groups.get(first.key) as Group) : undefined;
  }

  /** What a group has to tell now, with how many changes that are news. */
  telling(key: string): (Telling & { readonly changes: number }) | undefined {
    const group = this.#groups.get(key);
    return group && { ...tellingOf(group), changes: changesOf(group) };
  }

  /** Notes that a group was told. */
  tell(key: string, told: readonly Told[], nowMs: number): void {
    const group = this.#groups.get(key);
    if (!group) return;
    for (const [id, revision, level] of told) {
      const entry = group.alerts.get(id);
      if (!entry) continue;
      entry.told = revision;
      if (level !== undefined) entry.toldLevel = level;
      if (entry.alert.status === 'resolved' && entry.alert.revision <= revision) this.#drop(group, id);
    }
    group.round++;
    group.toldMs = nowMs;
    this.#settle(group, nowMs);
  }

  /** Time begins anew, earlier than it was: nothing waits for a time that has been; what is `past` is not repeated. */
  back(atMs: number, past: boolean): void {
    this.pass(Number.POSITIVE_INFINITY);
    for (const group of this.#groups.values()) {
      if (group.changedMs !== null) group.changedMs = Math.min(group.changedMs, atMs);
      if (group.toldMs !== null) group.toldMs = Math.min(group.toldMs, atMs);
      if (typeof group.firedMs === 'number') group.firedMs = Math.min(group.firedMs, atMs);
      if (past) for (const entry of group.alerts.values()) entry.past = true;
      this.#note(group);
    }
  }

  /** Gives up the first alert that fits. */
  giveUp(fits: (entry: Entry) => boolean): Alert | undefined {
    for (const group of this.#groups.values()) {
      for (const [id, entry] of group.alerts) {
        if (!fits(entry)) continue;
        const nowMs = group.changedMs ?? 0;
        const fired = this.#drop(group, id);
        this.#settle(group, nowMs);
        if (fired) this.#relink(nowMs);
        return entry.alert;
      }
    }
    return undefined;
  }

  #begin(alert: Alert, { key, labels, timing }: Place): Group {
    const id = hash([key, alert.id]);
    const group: Group = { key, id, labels, timing, alerts: new Map(), round: 0, changedMs: null, toldMs: null };
    this.#groups.set(key, group);
    return group;
  }

  /** When a group is due may have changed. */
  #note({ key }: Group): void {
    for (const due of [this.#waiting, this.#hurried]) {
      if (due.size > staleMost + 2 * this.#groups.size) due.fill(this.#groups.keys());
      else due.note(key);
    }
  }

  #first(hurry: boolean): { readonly atMs: number; readonly key: string } | undefined {
    return (hurry ? this.#hurried : this.#waiting).first();
  }

  /** An alert of a group has changed. */
  #settleEntry(group: Group, entry: Entry, wasDue: boolean, nowMs: number): void {
    const { alert, told } = entry;
    const ended = alert.status === 'resolved';
    // What ends before anybody heard of it under a silence, or as part of many, was never there for people.
    const vanished = ended && told === 0 && isHeld(entry);
    const muted = ended && !group.timing.sendResolved;
    if (vanished || muted) this.#drop(group, alert.id);
    if (!vanished && !muted && isDue(entry, group.timing)) this.#change(group, nowMs);
    else if (wasDue) this.#settle(group, nowMs);
  }

  #change(group: Group, nowMs: number): void {
    group.changedMs ??= nowMs;
    this.#note(group);
  }

  #settle(group: Group, nowMs: number): void {
    settle(group, nowMs);
    this.#note(group);
  }

  /** Looks again which alerts are part of one of many. */
  #relink(nowMs: number): void {
    for (const [id, group] of [...this.#home]) {
      const entry = group.alerts.get(id);
      if (!entry || isCrowd(entry.alert)) continue;
      const crowd = this.#crowds.of(entry.alert, entry.firedMs);
      const { partOf, ...alert } = entry.alert;
      if (crowd ? crowd.alert.id === partOf : partOf === undefined || this.#crowds.keeps(partOf)) continue;
      const wasDue = isDue(entry, group.timing);
      entry.alert = crowd ? { ...alert, partOf: crowd.alert.id } : alert;
      if (crowd) this.#join(crowd, entry.alert, nowMs);
      if (!this.inLine) this.#settleEntry(group, entry, wasDue, nowMs);
    }
  }

  #join(crowd: Entry, alert: Alert, nowMs: number): void {
    takePart(crowd, alert);
    const group = this.#home.get(crowd.alert.id);
    // It may have become worse by that.
    if (group && isDue(crowd, group.timing)) this.#change(group, nowMs);
  }

  /** True where it was one of many keys that fired. */
  #drop(group: Group, id: string): boolean {
    group.alerts.delete(id);
    this.#home.delete(id);
    if (group.alerts.size === 0) this.#groups.delete(group.key);
    this.#note(group);
    return this.#crowds.forget(id);
  }
}

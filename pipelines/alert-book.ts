import type { Manner } from '../connectors/alerts/sink.js';
import type { Alert, Direction } from '../event.js';
import type { Entry, Receipt, Telling, Timing } from './alert-group.js';
import { AlertGroups, type GroupsState } from './alert-groups.js';
import { AlertOutbox, type Sealed } from './alert-outbox.js';

/** A book as plain JSON; what is optional earlier releases did not write. */
export interface BookState extends GroupsState {
  readonly line: readonly Alert[];
  readonly seen: readonly (readonly [string, number])[];
  readonly open: readonly (readonly [string, OpenAlert])[];
  readonly sealed?: readonly Sealed[];
  readonly clockMs?: number | null;
}

export interface OpenAlert {
  readonly key: string;
  readonly detector: string;
  readonly direction: Direction;
}

/** Alerts whose last change is remembered, so that a replay does not tell it again. */
export const seenMax = 100_000;

/**
 * What one sink has been told and is still to be told: groups that wait, fire and end, or a line of changes. It knows no
 * clock and no disk; the same calls at the same times make the same book, so it can be rebuilt from a journal.
 */
export class AlertBook {
  readonly #groups: AlertGroups;
  readonly #outbox: AlertOutbox;
  readonly #seen: Map<string, number>;
  readonly #open: Map<string, OpenAlert>;
  /** The latest time that it was called at, since time began anew. */
  clockMs: number;

  constructor(
    readonly manner: Manner,
    state?: BookState,
  ) {
    this.#groups = new AlertGroups(manner === 'each', state);
    this.#outbox = new AlertOutbox(state?.line, state?.sealed);
    this.#seen = new Map(state?.seen);
    this.#open = new Map(state?.open);
    this.clockMs = state?.clockMs ?? Number.NEGATIVE_INFINITY;
  }

  get state(): BookState {
    return {
      ...this.#groups.state,
      line: [...this.#outbox.line],
      seen: [...this.#seen],
      open: [...this.#open],
      sealed: [...this.#outbox.sealed],
      clockMs: Number.isFinite(this.clockMs) ? this.clockMs : null,
    };
  }

  /** Alerts that fire. */
  get open(): ReadonlyMap<string, OpenAlert> {
    return this.#open;
  }

  /** What the bound of the queue counts: changes in line, or alerts in groups. */
  get size(): number {
    return this.manner === 'each' ? this.#outbox.line.length : this.#groups.size;
  }

  /** Changes that are still to be told; those of alerts that are kept from people do not count. */
  get waiting(): number {
    return this.#outbox.waiting + (this.manner === 'each' ? 0 : this.#groups.waiting);
  }

  /** Takes in a change; false if this or a later one of the same alert was taken before. */
  accept(alert: Alert, key: string, labels: Readonly<Record<string, string>>, timing: Timing, nowMs: number): boolean {
    if (this.knows(alert)) return false;
    this.#see(alert);
    this.#pass(nowMs);
    const grouped = this.#groups.put(alert, { key, labels, timing }, nowMs);
    if (this.manner === 'each') this.#outbox.line.push(grouped);
    return true;
  }

  /** Whether this change of an alert, or a later one, was taken before. */
  knows({ id, revision }: Pick<Alert, 'id' | 'revision'>): boolean {
    return (this.#seen.get(id) ?? 0) >= revision;
  }

  /** Alerts that fire, to see whether a silence has begun or ended; empty where each change is told, silenced or not. */
  firing(): Alert[] {
    return this.manner === 'each' ? [] : this.#groups.firing();
  }

  /** A silence of an alert that fires has begun, or ended, at an event time; what had been due by then is still told. */
  silence(id: string, by: string | undefined, nowMs: number, eventMs = Number.NaN): void {
    this.#pass(nowMs);
    this.#groups.silence(id, by, nowMs, eventMs);
  }

  /** When something is to be told next; with `hurry` changes do not wait for others. */
  nextMs(hurry = false): number {
    return this.#outbox.isEmpty ? this.#groups.nextMs(hurry) : Number.NEGATIVE_INFINITY;
  }

  /** The group that was due first, before a time; `hurry` as above. */
  dueBefore(beforeMs: number, hurry = false): { readonly group: string; readonly atMs: number } | undefined {
    return this.#groups.dueBefore(beforeMs, hurry);
  }

  /** Alerts in the tellings that wait for the receiver. */
  get sealedAlerts(): number {
    return this.#outbox.sealedAlerts;
  }

  /**
   * A group is told at a time: what is handed out is as it stands now, whatever comes before the receiver has it. False, and
   * nothing is done, where more than so many alerts would wait for the receiver.
   */
  seal(key: string, atMs: number, limit = Number.POSITIVE_INFINITY): boolean {
    this.#groups.pass(atMs);
    const telling = this.#groups.telling(key);
    if (!telling) return false;
    const { delivery, receipt, changes } = telling;
    const { sealedAlerts } = this.#outbox;
    if (sealedAlerts > 0 && sealedAlerts + receipt.told.length > limit) return false;
    this.clockMs = Math.max(this.clockMs, atMs);
    this.#outbox.keep({ delivery, told: receipt.told, changes });
    this.#groups.tell(key, receipt.told, atMs);
    return true;
  }

  /** Time begins anew, earlier than it was: nothing waits for a time that has been; what is `past` is not repeated. */
  back(atMs: number, past = false): void {
    this.clockMs = atMs;
    this.#groups.back(atMs, past);
  }

  /** What is to be told now, the longest due first; nothing changes until it is `delivered`. */
  take(nowMs: number, hurry = false): Telling | undefined {
    if (!this.#outbox.isEmpty) return this.#outbox.take();
    this.#groups.pass(nowMs);
    return this.#groups.due(nowMs, hurry);
  }

  /** What was taken has been told, or refused for good. */
  delivered(receipt: Receipt, nowMs: number): void {
    if (receipt.group === null) {
      this.#outbox.delivered(receipt);
      return;
    }
    this.#pass(nowMs);
    this.#groups.tell(receipt.group, receipt.told, nowMs);
  }

  /** Whether a change makes the book larger. Where the newest is given up, ends of what is in line are let in all the same. */
  takesRoom(alert: Alert, newestGoes: boolean): boolean {
    if (this.knows(alert)) return false;
    if (!this.#groups.has(alert.id)) return true;
    return this.manner === 'each' && !(newestGoes && alert.status === 'resolved');
  }

  /**
   * Gives up what has waited longest, as the queue is full; undefined if there is nothing that may go. From a group goes
   * only what nobody has heard of, silenced alerts first, and nothing that is `flying` to the receiver just now: of what
   * was told the end would come under a new incident, and the old one would stay open for good.
   */
  dropOldest(flying: ReadonlySet<string> = new Set()): Alert | undefined {
    const first = this.#outbox.line.shift();
    if (first) return first;
    const may = ({ alert, told }: Entry): boolean => told === 0 && !flying.has(alert.id);
    const silenced = (entry: Entry): boolean => may(entry) && entry.alert.silencedBy !== undefined;
    return this.#groups.giveUp(silenced) ?? this.#groups.giveUp(may);
  }

  /** Gives up a change that was given up before: for what is rebuilt from a journal. */
  drop(id: string, revision: number): void {
    if (this.manner === 'each') this.#outbox.leaveLine(id, revision);
    else this.#groups.giveUp(({ alert }) => alert.id === id);
  }

  /** Time has come so far, as far as the book is told of it. */
  #pass(nowMs: number): void {
    this.clockMs = Math.max(this.clockMs, nowMs);
    this.#groups.pass(nowMs);
  }

  #see({ id, revision, status, key, detector, direction }: Alert): void {
    this.#seen.delete(id);
    this.#seen.set(id, revision);
    if (this.#seen.size > seenMax) this.#seen.delete(this.#seen.keys().next().value as string);
    if (status === 'firing') this.#open.set(id, { key, detector, direction });
    else this.#open.delete(id);
  }
}

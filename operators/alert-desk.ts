import { createHash } from 'node:crypto';
import { type Alert, type Anomaly, type Event, type Severity, severities } from '../event.js';
import { directionOf, isMeant, labelsOf, type ReadyRule } from './alert-rule.js';
import { type AlertRow, aboutOf, abouts, crowdHash, kindOf, phases, slotsMax } from './alert-slots.js';
import { readCard, writeCard } from './anomaly-card.js';
import type { Out, Shard } from './stage.js';

/** What the step needs to know of an event, besides the anomalies that `episode` tells of. */
export interface Watched extends Event {
  readonly score: number;
  readonly alarm: boolean;
  /** The key is in a state unlike those that were normal; where no step says so, an alarm stands for it. */
  readonly abnormal?: boolean;
  /** Put in by `align`: says neither that all is well nor that it is not. */
  readonly filled?: boolean;
}

/** The rules at work on one key, while one row or one change of an anomaly is taken. */
export class AlertDesk {
  readonly #cards: [Anomaly | undefined, Anomaly | undefined] = [undefined, undefined];

  constructor(
    readonly shard: Shard,
    readonly words: {
      readonly detector: string;
      readonly keyLabels: (key: string) => Record<string, string>;
      readonly replayUrl: string | undefined;
    },
    readonly rules: readonly ReadyRule[],
    readonly own: AlertRow,
    readonly key: string,
    readonly out: Pick<Out<never>, 'alert'>,
  ) {}

  /** A row has passed: alerts that wait may fire, those that fire may get worse or end. */
  tick(row: Watched): void {
    const { own } = this;
    this.#dropStrangers();
    for (const rule of this.rules) {
      const close = rule.threshold?.close ?? Number.NEGATIVE_INFINITY;
      this.#pass(rule, abouts.own, row, row.alarm || row.abnormal === true || row.score <= close);
      // Of many keys at once the foremost may by itself be as usual.
      if (this.#concernsCrowd(rule)) this.#pass(rule, abouts.crowd, row, (own.open[0] & abouts.crowd) !== 0);
    }
  }

  #pass(rule: ReadyRule, about: number, { timeMs }: Watched, hot: boolean): void {
    const { own } = this;
    const slot = this.#slot(rule, about);
    const open = own.open[0] & about;
    if (own.phase[slot] === phases.pending) {
      if (!hot) own.phase[slot] = phases.idle;
      else if (timeMs - own.sinceMs[slot] >= rule.minDurationMs) this.#fire(rule, slot);
    } else if (own.phase[slot] === phases.firing) {
      // Of many keys only the anomaly says when it was: it stays open for some slots more.
      if (hot && about === abouts.own) own.hotMs[slot] = timeMs;
      this.#worsen(rule, slot);
      this.#resolveIfOver(rule, slot);
    } else if (open > 0 && hot) this.#consider(rule, slot, timeMs, lowestBit(open));
  }

  /** An anomaly has opened, got worse or closed. */
  note(anomaly: Anomaly): void {
    const { own } = this;
    const kind = kindOf(anomaly);
    const bit = 1 << kind;
    const fresh = (own.open[0] & bit) === 0 || own.startMs[kind] !== anomaly.startMs;
    const about = aboutOf(kind);
    this.#keep(anomaly, about);
    own.open[0] = anomaly.status === 'open' ? own.open[0] | bit : own.open[0] & ~bit;
    own.startMs[kind] = anomaly.startMs;
    own.startOffset[kind] = anomaly.startOffset;
    own.clockMs[0] = Math.max(own.clockMs[0], anomaly.endMs);
    this.#dropStrangers();
    for (const rule of this.rules) {
      const slot = this.#slot(rule, about);
      if (own.phase[slot] === phases.firing) {
        this.#join(slot, anomaly, fresh);
        this.#worsen(rule, slot);
        this.#resolveIfOver(rule, slot);
      } else if ((own.open[0] & about) === 0) own.phase[slot] = phases.idle;
      else if (anomaly.status === 'closed') continue;
      else if (own.phase[slot] === phases.pending) {
        // A key that says nothing has no rows: only such news move its time.
        if (own.clockMs[0] - own.sinceMs[slot] >= rule.minDurationMs) this.#fire(rule, slot);
        // The first row of a key's own anomaly was found looking back from its alarm: it counts from that on.
      } else this.#consider(rule, slot, fresh && kind > 0 ? anomaly.startMs : own.clockMs[0], kind);
    }
  }

  /** The key makes room for another one: nothing more will be heard of it. */
  forget(): void {
    for (let slot = 0; slot < slotsMax; slot++) if (this.own.phase[slot] === phases.firing) this.#resolve(slot);
  }

  /** Whether a rule has anything to do with many keys at once: with most keys none ever has. */
  #concernsCrowd({ hash }: ReadyRule): boolean {
    const { own } = this;
    if ((own.open[0] & abouts.crowd) !== 0) return true;
    const slot = own.rule.indexOf(crowdHash(hash));
    return slot >= 0 && own.phase[slot] !== phases.idle;
  }

  /** The slot of a rule: its own, or one that no rule needs any more. */
  #slot({ hash }: ReadyRule, about: number): number {
    const { own } = this;
    const name = about === abouts.crowd ? crowdHash(hash) : hash;
    const known = own.rule.indexOf(name);
    if (known >= 0) return known;
    const used = new Set(this.rules.flatMap((rule) => [rule.hash, crowdHash(rule.hash)]));
    const slot = own.rule.findIndex((other) => !used.has(other));
    own.rule[slot] = name;
    own.lastMs[slot] = Number.NaN;
    own.quietMs[slot] = Number.NEGATIVE_INFINITY;
    return slot;
  }

  #ruleOf(slot: number): ReadyRule | undefined {
    const name = this.own.rule[slot];
    return this.rules.find(({ hash }) => hash === name || crowdHash(hash) === name);
  }

  /** Resolves what rules have left behind that are no longer there. */
  #dropStrangers(): void {
    const { own } = this;
    for (let slot = 0; slot < slotsMax; slot++) {
      if (own.phase[slot] === phases.idle || this.#ruleOf(slot)) continue;
      if (own.phase[slot] === phases.firing) this.#resolve(slot);
      own.phase[slot] = phases.idle;
    }
  }

  /** Lets an alert wait, or fire at once, if the rule is about the anomaly that is open. */
  #consider(rule: ReadyRule, slot: number, sinceMs: number, kind: number): void {
    const { own } = this;
    // One alert per anomaly, and none in the cool-down.
    if (own.lastMs[slot] === own.startMs[kind] || own.clockMs[0] < own.quietMs[slot]) return;
    const card = this.#anomaly(kind);
    const labels = labelsOf({
      ...this.#names(card),
      rule: rule.name,
      labels: this.#labels(rule),
      severity: card.severity,
      status: 'firing',
    });
    if (!isMeant(rule, card, labels)) return;
    own.phase[slot] = phases.pending;
    own.kind[slot] = kind;
    own.sinceMs[slot] = sinceMs;
    own.hotMs[slot] = own.clockMs[0];
    if (own.clockMs[0] - sinceMs >= rule.minDurationMs) this.#fire(rule, slot);
  }

  #fire(rule: ReadyRule, slot: number): void {
    const { own } = this;
    own.phase[slot] = phases.firing;
    own.hotMs[slot] = own.clockMs[0];
    const kind = own.kind[slot];
    own.bornMs[slot] = own.startMs[kind];
    own.bornOffset[slot] = own.startOffset[kind];
    own.lastMs[slot] = own.startMs[kind];
    own.episodes[slot] = 1;
    own.alarms[slot] = 0;
    own.revision[slot] = 0;
    own.severity[slot] = severities.indexOf(this.#anomaly(own.kind[slot]).severity);
    this.#tell(rule, slot, 'firing');
  }

  /** Takes a change of an anomaly into the alert that fires: a new one has come back before the alert was over. */
  #join(slot: number, { startMs, endMs, status }: Anomaly, fresh: boolean): void {
    const { own } = this;
    if (fresh) {
      own.lastMs[slot] = startMs;
      own.episodes[slot]++;
    }
    if (status === 'closed') own.alarms[slot] += this.#anomaly(own.kind[slot]).alarms;
    own.hotMs[slot] = Math.max(own.hotMs[slot], endMs);
  }

  #worsen(rule: ReadyRule, slot: number): void {
    const { own } = this;
    const level = severities.indexOf(this.#anomaly(own.kind[slot]).severity);
    if (level <= own.severity[slot] || own.clockMs[0] - own.toldMs[slot] < rule.severityHoldMs) return;
    own.severity[slot] = level;
    this.#tell(rule, slot, 'firing');
  }

  #resolveIfOver(rule: ReadyRule, slot: number): void {
    const { own } = this;
    // A row that is abnormal itself ends nothing, although its anomaly may be over.
    const calmMs = own.clockMs[0] - own.hotMs[slot];
    if ((own.open[0] & aboutOf(own.kind[slot])) > 0 || calmMs <= 0 || calmMs < rule.closeDurationMs) return;
    this.#resolve(slot, rule);
    own.quietMs[slot] = own.hotMs[slot] + rule.coolDownMs;
  }

  #resolve(slot: number, rule = this.#ruleOf(slot)): void {
    const { own } = this;
    // What was known but held back is told with the end.
    own.severity[slot] = Math.max(own.severity[slot], severities.indexOf(this.#anomaly(own.kind[slot]).severity));
    this.#tell(rule, slot, 'resolved');
    own.phase[slot] = phases.idle;
  }

  #tell(rule: ReadyRule | undefined, slot: number, status: Alert['status']): void {
    const { own, words, shard, key } = this;
    const kind = own.kind[slot];
    const card = this.#anomaly(kind);
    own.revision[slot]++;
    own.toldMs[slot] = own.clockMs[0];
    const hash = aboutOf(kind) === abouts.crowd ? crowdHash(own.rule[slot]) : own.rule[slot];
    const id = idOf(key, words.detector, hash, own.bornMs[slot], kind);
    const name = rule?.name ?? `rule ${hash.toString(16)}, which is gone`;
    const { topic, partition } = shard.origin ?? { topic: shard.name, partition: 0 };
    const [startsAt, endsAt] = [iso(own.bornMs[slot]), iso(own.hotMs[slot])];
    this.out.alert({
      id,
      revision: own.revision[slot],
      status,
      ...this.#names(card),
      rule: name,
      severity: severities[own.severity[slot]] as Severity,
      labels: this.#labels(rule),
      startsAt,
      ...(status === 'resolved' ? { endsAt } : {}),
      timeMs: own.clockMs[0],
      value: card.kind === undefined ? known(card.actual) : null,
      expected: { p1: known(card.low), p50: known(card.expected), p99: known(card.high) },
      likelihood: Math.min(1, Math.max(0, 1 - card.score)),
      summary: card.why,
      why: card.causes ?? [{ feature: card.channel, contribution: 1, text: card.why }],
      alarms: own.alarms[slot] + ((own.open[0] & aboutOf(kind)) > 0 ? card.alarms : 0),
      episodes: own.episodes[slot],
      model: card.model ?? null,
      version: card.version ?? null,
      source: { topic, partition, offset: own.bornOffset[slot] },
      group: null,
      ...(card.together ? { together: { keys: card.together.keys, of: card.together.of } } : {}),
      replay: words.replayUrl === undefined ? null : filled(words.replayUrl, { key, id, from: startsAt, to: endsAt }),
    });
  }

  #names(card: Anomaly): Pick<Alert, 'key' | 'channel' | 'detector' | 'direction'> {
    return { key: this.key, channel: card.channel, detector: this.words.detector, direction: directionOf(card) };
  }

  #labels(rule: ReadyRule | undefined): Record<string, string> {
    return { ...this.words.keyLabels(this.key), ...rule?.labels };
  }

  /** Keeps an anomaly as the last one of what it is about; the two share the room while there are two. */
  #keep(anomaly: Anomaly, about: number): void {
    const { card, cardBytes } = this.own;
    const half = card.length / 2;
    if (about === abouts.crowd) {
      if (cardBytes[0] > half) cardBytes[0] = writeCard(this.#anomaly(0), card.subarray(0, half));
      cardBytes[1] = writeCard(anomaly, card.subarray(half));
      this.#cards[1] = undefined;
      return;
    }
    if (!this.#crowdStays()) cardBytes[1] = 0;
    cardBytes[0] = writeCard(anomaly, cardBytes[1] > 0 ? card.subarray(0, half) : card);
    this.#cards[0] = undefined;
  }

  #crowdStays(): boolean {
    const { open, phase, kind } = this.own;
    if ((open[0] & abouts.crowd) !== 0) return true;
    return phase.some((one, slot) => one !== phases.idle && aboutOf(kind[slot]) === abouts.crowd);
  }

  #anomaly(kind: number): Anomaly {
    const { card, cardBytes } = this.own;
    const at = aboutOf(kind) === abouts.crowd ? 1 : 0;
    const from = (at * card.length) / 2;
    this.#cards[at] ??= readCard(card.subarray(from, from + cardBytes[at]), this.key);
    return this.#cards[at];
  }
}

/** The same for the same episode in every replay, whatever its labels, severity and channel come to be. */
function idOf(key: string, detector: string, rule: number, startMs: number, kind: number): string {
  return createHash('sha256')
    .update(JSON.stringify([key, detector, rule, startMs, kind]))
    .digest('hex')
    .slice(0, 32);
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** A time no calendar knows becomes the last one it does. */
const iso = (ms: number): string => new Date(Math.max(-8.64e15, Math.min(8.64e15, ms))).toISOString();

function filled(url: string, values: Readonly<Record<string, string>>): string {
  return url.replaceAll(/\{(key|id|from|to)\}/g, (_, name: string) => encodeURIComponent(values[name]));
}

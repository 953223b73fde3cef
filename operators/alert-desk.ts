import { createHash } from 'node:crypto';
import { type Alert, type Anomaly, type Event, type Severity, severities } from '../event.js';
import { f64, type Row, u8, u32 } from '../state/layout.js';
import { directionOf, isMeant, labelsOf, type ReadyRule, rulesMax } from './alert-rule.js';
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

const phases = { idle: 0, pending: 1, firing: 2 } as const;

/** What anomalies may be of; several of a key may be open at once: one that went silent while its values were strange. */
const kinds = [undefined, 'silence', 'together'] as const;

export const alertLayout = {
  /** Time of the last row. */
  clockMs: f64(),
  /** Which anomalies are open, one bit each: 1 of strange values, 2 of silence, 4 of many keys at once; and when each began. */
  open: u32(),
  startMs: f64(kinds.length),
  startOffset: f64(kinds.length),
  /** The last anomaly as it stood, for alerts that fire or end later: JSON. */
  cardBytes: u32(),
  card: u8(4096),
  /** One slot per rule, found by the hash of its name: rules may come and go without the others losing their place. */
  rule: u32(rulesMax),
  phase: u32(rulesMax),
  /** Kind of the anomaly that it began with: 0 strange values, 1 silence, 2 many keys at once. */
  kind: u32(rulesMax),
  /** Since when rows have been abnormal, while the alert waits to fire. */
  sinceMs: f64(rulesMax),
  /** The last abnormal row. */
  hotMs: f64(rulesMax),
  /** Start of the anomaly that the alert began with: its id hangs on it. */
  bornMs: f64(rulesMax),
  bornOffset: f64(rulesMax),
  /** Start of the newest anomaly in it, how many there were, and alarms of those that are over. */
  lastMs: f64(rulesMax),
  episodes: u32(rulesMax),
  alarms: u32(rulesMax),
  severity: u32(rulesMax),
  revision: u32(rulesMax),
  toldMs: f64(rulesMax),
  /** No alert before this time. */
  quietMs: f64(rulesMax),
};
export type AlertRow = Row<typeof alertLayout>;

/** True where a row can change anything: most rows meet no anomaly and no alert. */
export function isBusy(own: AlertRow): boolean {
  if (own.open[0] > 0) return true;
  for (let slot = 0; slot < rulesMax; slot++) if (own.phase[slot] !== phases.idle) return true;
  return false;
}

/** The rules at work on one key, while one row or one change of an anomaly is taken. */
export class AlertDesk {
  #card: Anomaly | undefined;

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
      // Of many keys at once the foremost may by itself be as usual.
      const close = rule.threshold?.close ?? Number.NEGATIVE_INFINITY;
      const hot = row.alarm || row.abnormal === true || (own.open[0] & crowdBit) !== 0 || row.score <= close;
      const slot = this.#slot(rule);
      if (own.phase[slot] === phases.pending) {
        if (!hot) own.phase[slot] = phases.idle;
        else if (row.timeMs - own.sinceMs[slot] >= rule.minDurationMs) this.#fire(rule, slot);
      } else if (own.phase[slot] === phases.firing) {
        if (hot) own.hotMs[slot] = row.timeMs;
        this.#worsen(rule, slot);
        this.#resolveIfOver(rule, slot);
      } else if (own.open[0] > 0 && hot) this.#consider(rule, slot, row.timeMs, lowestBit(own.open[0]));
    }
  }

  /** An anomaly has opened, got worse or closed. */
  note(anomaly: Anomaly): void {
    const { own } = this;
    const kind = kindOf(anomaly);
    const bit = 1 << kind;
    const fresh = (own.open[0] & bit) === 0 || own.startMs[kind] !== anomaly.startMs;
    own.cardBytes[0] = writeCard(anomaly, own.card);
    this.#card = undefined;
    own.open[0] = anomaly.status === 'open' ? own.open[0] | bit : own.open[0] & ~bit;
    own.startMs[kind] = anomaly.startMs;
    own.startOffset[kind] = anomaly.startOffset;
    own.clockMs[0] = Math.max(own.clockMs[0], anomaly.endMs);
    this.#dropStrangers();
    for (const rule of this.rules) {
      const slot = this.#slot(rule);
      if (own.phase[slot] === phases.firing) {
        this.#join(slot, anomaly, fresh);
        this.#worsen(rule, slot);
        this.#resolveIfOver(rule, slot);
      } else if (own.open[0] === 0) own.phase[slot] = phases.idle;
      else if (anomaly.status === 'closed') continue;
      else if (own.phase[slot] === phases.pending) {
        // A key that says nothing has no rows: only such news move its time.
        if (own.clockMs[0] - own.sinceMs[slot] >= rule.minDurationMs) this.#fire(rule, slot);
      } else this.#consider(rule, slot, fresh ? anomaly.startMs : own.clockMs[0], kind);
    }
  }

  /** The key makes room for another one: nothing more will be heard of it. */
  forget(): void {
    for (let slot = 0; slot < rulesMax; slot++) if (this.own.phase[slot] === phases.firing) this.#resolve(slot);
  }

  /** The slot of a rule: its own, or one that no rule needs any more. */
  #slot({ hash }: ReadyRule): number {
    const { own } = this;
    const known = own.rule.indexOf(hash);
    if (known >= 0) return known;
    const used = new Set(this.rules.map((rule) => rule.hash));
    const slot = own.rule.findIndex((other) => !used.has(other));
    own.rule[slot] = hash;
    own.lastMs[slot] = Number.NaN;
    own.quietMs[slot] = Number.NEGATIVE_INFINITY;
    return slot;
  }

  /** Resolves what rules have left behind that are no longer there. */
  #dropStrangers(): void {
    const { own } = this;
    for (let slot = 0; slot < rulesMax; slot++) {
      if (own.phase[slot] === phases.idle || this.rules.some(({ hash }) => hash === own.rule[slot])) continue;
      if (own.phase[slot] === phases.firing) this.#resolve(slot);
      own.phase[slot] = phases.idle;
    }
  }

  /** Lets an alert wait, or fire at once, if the rule is about the anomaly that is open. */
  #consider(rule: ReadyRule, slot: number, sinceMs: number, kind: number): void {
    const { own } = this;
    // One alert per anomaly, and none in the cool-down.
    if (own.lastMs[slot] === own.startMs[kind] || own.clockMs[0] < own.quietMs[slot]) return;
    const card = this.#anomaly();
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
    own.severity[slot] = severities.indexOf(this.#anomaly().severity);
    this.#tell(rule, slot, 'firing');
  }

  /** Takes a change of an anomaly into the alert that fires: a new one has come back before the alert was over. */
  #join(slot: number, { startMs, endMs, status }: Anomaly, fresh: boolean): void {
    const { own } = this;
    if (fresh) {
      own.lastMs[slot] = startMs;
      own.episodes[slot]++;
    }
    if (status === 'closed') own.alarms[slot] += this.#anomaly().alarms;
    own.hotMs[slot] = Math.max(own.hotMs[slot], endMs);
  }

  #worsen(rule: ReadyRule, slot: number): void {
    const { own } = this;
    const level = severities.indexOf(this.#anomaly().severity);
    if (level <= own.severity[slot] || own.clockMs[0] - own.toldMs[slot] < rule.severityHoldMs) return;
    own.severity[slot] = level;
    this.#tell(rule, slot, 'firing');
  }

  #resolveIfOver(rule: ReadyRule, slot: number): void {
    const { own } = this;
    // A row that is abnormal itself ends nothing, although its anomaly may be over.
    const calmMs = own.clockMs[0] - own.hotMs[slot];
    if (own.open[0] > 0 || calmMs <= 0 || calmMs < rule.closeDurationMs) return;
    this.#resolve(slot, rule);
    own.quietMs[slot] = own.hotMs[slot] + rule.coolDownMs;
  }

  #resolve(slot: number, rule = this.rules.find(({ hash }) => hash === this.own.rule[slot])): void {
    const { own } = this;
    // What was known but held back is told with the end.
    own.severity[slot] = Math.max(own.severity[slot], severities.indexOf(this.#anomaly().severity));
    this.#tell(rule, slot, 'resolved');
    own.phase[slot] = phases.idle;
  }

  #tell(rule: ReadyRule | undefined, slot: number, status: Alert['status']): void {
    const { own, words, shard, key } = this;
    const card = this.#anomaly();
    own.revision[slot]++;
    own.toldMs[slot] = own.clockMs[0];
    const id = idOf(key, words.detector, own.rule[slot], own.bornMs[slot], own.kind[slot]);
    const name = rule?.name ?? `rule ${own.rule[slot].toString(16)}, which is gone`;
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
      alarms: own.alarms[slot] + (own.open[0] > 0 ? card.alarms : 0),
      episodes: own.episodes[slot],
      model: card.model ?? null,
      version: card.version ?? null,
      source: { topic, partition, offset: own.bornOffset[slot] },
      group: null,
      replay: words.replayUrl === undefined ? null : filled(words.replayUrl, { key, id, from: startsAt, to: endsAt }),
    });
  }

  #names(card: Anomaly): Pick<Alert, 'key' | 'channel' | 'detector' | 'direction'> {
    return { key: this.key, channel: card.channel, detector: this.words.detector, direction: directionOf(card) };
  }

  #labels(rule: ReadyRule | undefined): Record<string, string> {
    return { ...this.words.keyLabels(this.key), ...rule?.labels };
  }

  #anomaly(): Anomaly {
    this.#card ??= readCard(this.own.card.subarray(0, this.own.cardBytes[0]), this.key);
    return this.#card;
  }
}

/** The same for the same episode in every replay, whatever its labels, severity and channel come to be. */
function idOf(key: string, detector: string, rule: number, startMs: number, kind: number): string {
  return createHash('sha256')
    .update(JSON.stringify([key, detector, rule, startMs, kind]))
    .digest('hex')
    .slice(0, 32);
}

const kindOf = ({ kind }: Anomaly): number => kinds.indexOf(kind);

const crowdBit = 1 << kinds.indexOf('together');

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** A time no calendar knows becomes the last one it does. */
const iso = (ms: number): string => new Date(Math.max(-8.64e15, Math.min(8.64e15, ms))).toISOString();

function filled(url: string, values: Readonly<Record<string, string>>): string {
  return url.replaceAll(/\{(key|id|from|to)\}/g, (_, name: string) => encodeURIComponent(values[name]));
}

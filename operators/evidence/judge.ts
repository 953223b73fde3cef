import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';
import { arrivalLayout, missingNewness, paceNewness } from './arrival.js';
import { calibrationLayout, learnEvidence, shareAbove } from './calibration.js';
import { heaviness } from './heaviness.js';
import { ladderLayout, learnLadder, type Rungs, recalibrate } from './ladder.js';
import type { Measured } from './measure.js';
import { lastingKinds, NoveltyOf, noveltyKinds, noveltyLayout } from './novelty.js';
import { onset, onsetLayout } from './onset.js';
import { RarityOf, rarityLayout } from './rarity.js';
import { isAbnormal, type RegimeRoom, regimeLayout, regimeRoom } from './regime.js';
import { RelationOf, relationLayout } from './relation.js';
import { leastTail } from './surprise.js';
import { fadeNewness, lasting, lastingNewness, newestLayout, noteNewness, sustainedLayout } from './sustained.js';
import { incidentLayout, passIncident } from './trust.js';

const channelLayout = { novelty: noveltyLayout, sustained: sustainedLayout };

/**
 * How lasting shares are held against what came. The belief is what they came to on streams without anomalies; it is worth
 * many rows, because rows of a lasting state count one another again.
 */
const scoreRungs: Rungs = {
  ...{ count: 10, highest: 1 / 3, reach: 0.185, goOn: [0.22, 0.215, 0.235, 0.27, 0.33] },
  ...{ belief: 3000, memoryRows: 10_000 },
};

/** State of one key for all kinds of evidence: about 12 KB a channel. */
export const judgeLayout = (channels: number) => ({
  rarity: rarityLayout,
  incident: incidentLayout,
  onset: onsetLayout,
  arrival: arrivalLayout,
  calibration: calibrationLayout,
  scores: ladderLayout(scoreRungs),
  regime: regimeLayout(channels),
  /** How strange the strangest channel's last rows were, NaN while windows are not known; and what was new of late. */
  strangest: f64(),
  newest: newestLayout,
  /** The same of values that were missing. */
  absence: newestLayout,
  /** 1 while the state of the key is abnormal. */
  abnormal: u32(),
  relation: relationLayout(channels),
  channel: Object.fromEntries(Array.from({ length: channels }, (_, c) => [`c${c}`, channelLayout])),
});
export type Judge = Row<ReturnType<typeof judgeLayout>>;

/** What is read of a row. */
export interface Seen {
  readonly timeMs: number;
  readonly values: ArrayLike<number>;
  readonly tail: ArrayLike<number>;
  readonly expected?: ArrayLike<number>;
}

/** Kinds of evidence that are of the key and not of a channel. */
const keyKinds = ['pace', 'missing values', 'joint state', 'relation'] as const;

/**
 * What alarms may come from, in the order by which states number them, so that what is added comes last. `none` is of alarms
 * without reasons, `sequence` of `htm-detect`.
 */
export const reasonKinds = [...lastingKinds, ...keyKinds, 'none', 'sequence', 'single error'] as const;
export type ReasonKind = (typeof reasonKinds)[number];

/** What one kind of evidence says, in nats of newness. */
export interface Part {
  readonly kind: ReasonKind;
  readonly nats: number;
  /** The number that was out of range, and the range, where it is one number. */
  readonly measured?: Measured;
}

/** Why a row is new. */
export interface Reasons {
  /** The channel that is newest, −1 where it is the key as a whole. */
  readonly channel: number;
  /** Newness of each channel, nats. */
  readonly channels: readonly number[];
  /** What makes the newest one new, the strongest first. */
  readonly parts: readonly Part[];
}

/** Newness of a joint state that has become abnormal, where there is more than one channel. */
const abnormalNewness = 1;
/** Missing values that are new add so much to what lasts at least, while rows without any value are scored. */
const leastAbsence = 0.05;
/** Many channels give more news by chance: so much of the logarithm of their number says nothing. */
const crowd = 0.5;

/** Judges rows of keys with so many channels by all kinds of evidence; what it says stands until the next row. */
export class JudgeOf {
  /** How new the row is, in nats, and at what share of rows so much newness begins by chance. */
  newness = 0;
  rarity = 1;
  /** How notable its values are as a beginning: ranks, and is no probability. */
  onset = 0;
  /** Share of rows in which the last hundred look so strange; 1 while windows are not known. */
  share = 1;
  /** The joint state is unlike those that were normal. */
  abnormal = false;

  /** Whether values of the row, and windows, are known: then what it came to is learnt. */
  #known = false;
  readonly #room: RegimeRoom;
  readonly #names: readonly string[];
  readonly #crowd: number;
  readonly #rarity: RarityOf;
  readonly #novelty: readonly NoveltyOf[];
  readonly #relation: RelationOf;
  readonly #key = new Float64Array(keyKinds.length);

  constructor(
    channels: number,
    readonly memoryRows: number,
    /** Missing values of single channels are no news either. */
    readonly ignoreMissing = false,
  ) {
    this.#room = regimeRoom(channels);
    this.#rarity = new RarityOf(channels);
    this.#relation = new RelationOf(channels);
    this.#crowd = crowd * kernels.log(channels);
    this.#names = Array.from({ length: channels }, (_, c) => `c${c}`);
    this.#novelty = Array.from({ length: channels }, () => new NoveltyOf());
  }

  /** Judges a row of which something is known; onsets begin when the key is judged. */
  judge(own: Judge, row: Seen, judged: boolean): void {
    let newest = 0;
    let lastingly = 0;
    let unprecedented = 0;
    let strangest = Number.NaN;
    let missing = 0;
    for (let c = 0; c < this.#names.length; c++) {
      const fresh = this.#novelty[c];
      const value = row.values[c];
      if (!Number.isFinite(value)) {
        missing++;
        fresh.skip();
        continue;
      }
      const { novelty, sustained } = own.channel[this.#names[c]];
      const error = value - (row.expected?.[c] ?? Number.NaN);
      fresh.judge(novelty, value, error, -kernels.log(Math.max(leastTail, row.tail[c])));
      const strange = lasting(sustained, value, error, this.memoryRows);
      newest = Math.max(newest, fresh.newness);
      lastingly = Math.max(lastingly, fresh.lasting);
      unprecedented = Math.max(unprecedented, fresh.unprecedented);
      if (!(strange <= strangest)) strangest = strange;
    }
    const abnormal = isAbnormal(own.regime, row.values, this.memoryRows, this.#room);
    const begins = abnormal && own.abnormal[0] === 0 && this.#names.length > 1;
    own.abnormal[0] = Number(abnormal);
    this.abnormal = abnormal;
    this.#key[0] = paceNewness(own.arrival, row.timeMs, own.incident);
    this.#key[1] = this.ignoreMissing ? 0 : missingNewness(own.arrival, missing / this.#names.length, own.incident);
    this.#key[2] = begins ? abnormalNewness : 0;
    this.#key[3] = this.#relation.newness(own.relation, row.values, row.expected, this.memoryRows);
    const ofKey = this.#key[0] + this.#key[1];
    this.newness = this.#together(newest, this.#key[3]) + ofKey;
    if (judged && own.rarity.heavy[0] === 0) {
      for (const name of this.#names) {
        own.rarity.heavy[0] = Math.max(own.rarity.heavy[0], heaviness(own.channel[name].novelty.values));
      }
    }
    this.rarity = this.#rarity.judge(own.rarity, this.newness);
    this.#learn(own);
    this.onset = onset(own.onset, judged ? this.#together(unprecedented, this.#relation.unprecedented) : 0);
    own.strangest[0] = strangest;
    fadeNewness(own.newest);
    noteNewness(own.newest, this.#together(lastingly, this.#key[3]) + ofKey);
    fadeNewness(own.absence);
    noteNewness(own.absence, this.#key[1]);
    const evidence = strangest + lastingNewness(own.newest);
    this.#known = !Number.isNaN(evidence);
    this.share = this.#known ? shareAbove(own.calibration, evidence) : 1;
    if (this.#known) learnEvidence(own.calibration, evidence, this.memoryRows);
  }

  /** Newness of the values of a key: of the channel that is newest, or of how channels hang together. */
  #together(newest: number, relation: number): number {
    return Math.max(0, Math.max(newest, relation) - this.#crowd, this.#key[2]);
  }

  /** Takes in the numbers that the row was judged by. */
  #learn(own: Judge): void {
    passIncident(own.incident, this.newness, this.rarity);
    for (let c = 0; c < this.#names.length; c++) {
      this.#novelty[c].learn(own.channel[this.#names[c]].novelty, own.incident);
    }
    this.#relation.learnNumbers(own.relation, own.incident);
  }

  /** Judges a row of which nothing is known: only that it is missing can be new. */
  judgeMissing(own: Judge): void {
    for (const fresh of this.#novelty) fresh.skip();
    this.#key.fill(0);
    this.#key[1] = missingNewness(own.arrival, 1, own.incident);
    this.newness = this.#key[1];
    this.rarity = this.newness > 0 ? this.#rarity.judge(own.rarity, this.newness) : 1;
    if (this.newness > 0) passIncident(own.incident, this.newness, this.rarity);
    this.onset = 0;
    // Nothing is learnt from such a row, and it is as strange as it is new, or was of late, that values are missing.
    fadeNewness(own.absence);
    noteNewness(own.absence, this.newness);
    this.#known = false;
    this.share = 1;
    if (lastingNewness(own.absence) > leastAbsence) {
      noteNewness(own.newest, this.newness);
      const evidence = own.strangest[0] + lastingNewness(own.newest);
      if (!Number.isNaN(evidence)) this.share = shareAbove(own.calibration, evidence);
    }
    this.abnormal = false;
  }

  /**
   * The score of the row that was judged: its lasting share as the share it really is, and at an alarm at most what that
   * costs. Rows that alarm count as stranger than all that do not, so `rate`, the share of rows that may, comes on top of these.
   */
  score(own: Judge, price: number, rate: number, alarm: boolean): number {
    const told = alarm ? price : 1;
    // Single rows are no measure of a state: while windows are not known, only an alarm scores.
    if (this.share === 1) return told;
    const score = recalibrate(own.scores, this.share, scoreRungs);
    if (this.#known) learnLadder(own.scores, this.share, scoreRungs);
    return Math.min(1, told, score + rate);
  }

  /** Why the row that was judged is new. */
  reasons(): Reasons {
    const channels = this.#novelty.map(({ newness }) => newness);
    const most = channels.indexOf(Math.max(...channels));
    const ofKey = keyKinds.map((kind, i) => ({ kind, nats: this.#key[i] }));
    const ofChannel = noveltyKinds.map((kind, i) => ({ kind, nats: this.#novelty[most].parts[i] as number }));
    const parts: Part[] = [...ofKey, ...(channels[most] > 0 ? ofChannel : [])].filter(({ nats }) => nats > 0);
    parts.sort((a, b) => b.nats - a.nats);
    const [pace, missing, state, relation] = this.#key;
    if (relation > Math.max(channels[most], pace + missing + state)) {
      // Of two channels nobody can say which one left the other.
      return { channel: channels.length > 2 ? this.#relation.channel : -1, channels, parts };
    }
    return { channel: pace + missing + state > channels[most] ? -1 : most, channels, parts };
  }
}

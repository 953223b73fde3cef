import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';
import { arrivalLayout, missingNewness, paceNewness } from './arrival.js';
import { calibrationLayout, learnEvidence, shareAbove } from './calibration.js';
import { heaviness } from './heaviness.js';
import { ladderLayout, learnLadder, type Rungs, recalibrate } from './ladder.js';
import type { Measured } from './measure.js';
import { newness, noveltyKinds, noveltyLayout } from './novelty.js';
import { onset, onsetLayout } from './onset.js';
import { RarityOf, rarityLayout } from './rarity.js';
import { isAbnormal, type RegimeRoom, regimeLayout, regimeRoom } from './regime.js';
import { RelationOf, relationLayout } from './relation.js';
import { leastTail } from './surprise.js';
import { fadeNewness, lasting, lastingNewness, newestLayout, noteNewness, sustainedLayout } from './sustained.js';

const channelLayout = { novelty: noveltyLayout, sustained: sustainedLayout };

/**
 * How lasting shares are held against what came. The belief is what they came to on streams without anomalies; it is worth
 * many rows, because rows of a lasting state count one another again.
 */
const scoreRungs: Rungs = {
  ...{ count: 10, highest: 1 / 3, reach: 0.18, goOn: [0.2, 0.21, 0.24, 0.28, 0.32] },
  ...{ belief: 3000, memoryRows: 10_000 },
};

/** State of one key for all kinds of evidence: about 8 KB a channel. */
export const judgeLayout = (channels: number) => ({
  rarity: rarityLayout,
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
export const evidenceKinds = [...noveltyKinds, ...keyKinds] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** What alarms may come from; `none` holds the place that states know an alarm without reasons by, `sequence` is of `htm-detect`. */
export const reasonKinds = [...evidenceKinds, 'none', 'sequence'] as const;
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
  readonly #parts: Float64Array;
  readonly #channels: Float64Array;
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
    this.#parts = new Float64Array(channels * noveltyKinds.length);
    this.#channels = new Float64Array(channels);
  }

  /** Judges a row of which something is known; onsets begin when the key is judged. */
  judge(own: Judge, row: Seen, judged: boolean): void {
    const kinds = noveltyKinds.length;
    let newest = 0;
    let strangest = Number.NaN;
    let missing = 0;
    for (let c = 0; c < this.#names.length; c++) {
      this.#channels[c] = 0;
      const value = row.values[c];
      if (!Number.isFinite(value)) {
        missing++;
        continue;
      }
      const { novelty, sustained } = own.channel[this.#names[c]];
      const error = value - (row.expected?.[c] ?? Number.NaN);
      const surprise = -kernels.log(Math.max(leastTail, row.tail[c]));
      const fresh = newness(novelty, value, error, surprise, this.#parts.subarray(c * kinds, (c + 1) * kinds));
      const strange = lasting(sustained, value, error, this.memoryRows);
      this.#channels[c] = fresh;
      newest = Math.max(newest, fresh);
      if (!(strange <= strangest)) strangest = strange;
    }
    const abnormal = isAbnormal(own.regime, row.values, this.memoryRows, this.#room);
    const begins = abnormal && own.abnormal[0] === 0 && this.#names.length > 1;
    own.abnormal[0] = Number(abnormal);
    this.abnormal = abnormal;
    this.#key[0] = paceNewness(own.arrival, row.timeMs);
    this.#key[1] = this.ignoreMissing ? 0 : missingNewness(own.arrival, missing / this.#names.length);
    this.#key[2] = begins ? abnormalNewness : 0;
    this.#key[3] = this.#relation.newness(own.relation, row.values, row.expected, this.memoryRows);
    const ofValues = Math.max(0, Math.max(newest, this.#key[3]) - this.#crowd, this.#key[2]);
    this.newness = ofValues + this.#key[0] + this.#key[1];
    if (judged && own.rarity.heavy[0] === 0) {
      for (const name of this.#names) {
        own.rarity.heavy[0] = Math.max(own.rarity.heavy[0], heaviness(own.channel[name].novelty.values));
      }
    }
    this.rarity = this.#rarity.judge(own.rarity, this.newness);
    this.onset = onset(own.onset, judged ? ofValues : 0);
    own.strangest[0] = strangest;
    fadeNewness(own.newest);
    noteNewness(own.newest, this.newness);
    fadeNewness(own.absence);
    noteNewness(own.absence, this.#key[1]);
    const evidence = strangest + lastingNewness(own.newest);
    this.#known = !Number.isNaN(evidence);
    this.share = this.#known ? shareAbove(own.calibration, evidence) : 1;
    if (this.#known) learnEvidence(own.calibration, evidence, this.memoryRows);
  }

  /** Judges a row of which nothing is known: only that it is missing can be new. */
  judgeMissing(own: Judge): void {
    this.#channels.fill(0);
    this.#parts.fill(0);
    this.#key.fill(0);
    this.#key[1] = missingNewness(own.arrival, 1);
    this.newness = this.#key[1];
    this.rarity = this.newness > 0 ? this.#rarity.judge(own.rarity, this.newness) : 1;
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
    const channels = Array.from(this.#channels);
    const kinds = noveltyKinds.length;
    const most = channels.indexOf(Math.max(...channels));
    const ofKey = keyKinds.map((kind, i) => ({ kind, nats: this.#key[i] }));
    const ofChannel = noveltyKinds.map((kind, i) => ({ kind, nats: this.#parts[most * kinds + i] }));
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

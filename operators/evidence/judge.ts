import { kernels } from '../../models/kernels/index.js';
import { type Row, u32 } from '../../state/layout.js';
import { calibrationLayout, shareAbove } from './calibration.js';
import { gateLayout, pass } from './gate.js';
import { newness, noveltyLayout } from './novelty.js';
import { isAbnormal, type RegimeRoom, regimeLayout, regimeRoom } from './regime.js';
import { lasting, sustainedLayout } from './sustained.js';

const channelLayout = { novelty: noveltyLayout, sustained: sustainedLayout };

/** State of one key for all kinds of evidence: about 8 KB a channel. */
export const judgeLayout = (channels: number) => ({
  gate: gateLayout,
  calibration: calibrationLayout,
  regime: regimeLayout(channels),
  /** 1 while the state of the key is abnormal. */
  abnormal: u32(),
  channel: Object.fromEntries(Array.from({ length: channels }, (_, c) => [`c${c}`, channelLayout])),
});
export type Judge = Row<ReturnType<typeof judgeLayout>>;

/** What is read of a row. */
export interface Seen {
  readonly values: ArrayLike<number>;
  readonly tail: ArrayLike<number>;
  readonly expected?: ArrayLike<number>;
}

export interface Verdict {
  readonly score: number;
  readonly alarm: boolean;
  readonly abnormal: boolean;
}

/** Tail probabilities below this are all alike: forecast distributions are not known so far out. */
const leastTail = 1e-12;
/** Newness of a joint state that has become abnormal, where there is more than one channel. */
const abnormalNewness = 1;
/** Many channels give more news by chance: so much of the logarithm of their number says nothing. */
const crowd = 0.5;

/** Judges rows of keys with so many channels by all kinds of evidence. */
export class JudgeOf {
  readonly #room: RegimeRoom;
  readonly #names: readonly string[];
  readonly #crowd: number;

  constructor(
    channels: number,
    readonly memoryRows: number,
  ) {
    this.#room = regimeRoom(channels);
    this.#crowd = crowd * kernels.log(channels);
    this.#names = Array.from({ length: channels }, (_, c) => `c${c}`);
  }

  /** `rate`: share of rows that may alarm with nothing wrong; 0 while the key is not judged yet. */
  judge(own: Judge, row: Seen, rate: number): Verdict {
    let newest = 0;
    let strangest = Number.NaN;
    for (let c = 0; c < this.#names.length; c++) {
      const value = row.values[c];
      if (!Number.isFinite(value)) continue;
      const { novelty, sustained } = own.channel[this.#names[c]];
      const error = value - (row.expected?.[c] ?? Number.NaN);
      const surprise = -kernels.log(Math.max(leastTail, row.tail[c]));
      const fresh = newness(novelty, value, error, surprise);
      const strange = lasting(sustained, value, error, fresh, this.memoryRows);
      newest = Math.max(newest, fresh);
      if (!(strange <= strangest)) strangest = strange;
    }
    const abnormal = isAbnormal(own.regime, row.values, this.memoryRows, this.#room);
    newest = Math.max(0, newest - this.#crowd);
    if (abnormal && own.abnormal[0] === 0 && this.#names.length > 1) newest = Math.max(newest, abnormalNewness);
    own.abnormal[0] = Number(abnormal);
    const share = Number.isNaN(strangest) ? 1 : shareAbove(own.calibration, strangest, this.memoryRows);
    const strength = pass(own.gate, rate > 0 ? newest : 0, rate);
    if (rate === 0) return { score: 1, alarm: false, abnormal: false };
    // An alarm is rarer than its budget by definition, the more so the stronger it is.
    return { score: strength > 0 ? rate * kernels.exp(-strength) : share, alarm: strength > 0, abnormal };
  }
}

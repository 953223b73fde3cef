import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';
import { add, pValue, type Record, type Ruler, recordLayout } from '../record.js';

/** Tail probabilities below this are all alike: forecast distributions are not known so far out. */
export const leastTail = 1e-12;
const evidenceMax = 31.99;
/** Rows of the short mean, and the evidence at which one row counts no more in it. */
export const shortRows = 10;
const shortMax = 6;
/** Widths of the bins in which evidence is counted. */
const rowWidth = 0.25;
const shortWidth = 1 / 16;
/** p-values that are ranked again have a tail that is nearly known. */
const finalSure = 5;

export const surpriseLayout = {
  rows: u32(),
  /** The last evidence of single rows, for the short mean; `rows` modulo its length is the oldest. */
  recent: f64(shortRows),
  row: recordLayout,
  short: recordLayout,
  final: recordLayout,
};
type Surprise = Row<typeof surpriseLayout>;

/**
 * Ranks how surprising rows are. Evidence of one row, and its short mean, are ranked among the key's own past, and the
 * smaller of the two p-values again, which makes the score what it says: a share `p` of normal rows scores `p` or less.
 */
export class SurpriseOf {
  score = 1;
  /** The least likely channel of the row. */
  channel = 0;
  /** Evidence of the row and of the rows before it, in nats. */
  evidence = 0;
  /** Evidence of the row alone, and of how many rows the evidence is that counts. */
  alone = 0;
  rows = 1;

  readonly #row: Ruler;
  readonly #short: Ruler;
  readonly #final: Ruler;

  constructor(memoryRows: number) {
    this.#row = { width: rowWidth, memoryRows };
    this.#final = { width: rowWidth, memoryRows, sure: finalSure };
    this.#short = { width: shortWidth, memoryRows };
  }

  init(own: Surprise): void {
    own.recent.fill(1);
  }

  /** `ranks`: whether evidence is settled enough to be ranked again. */
  judge(own: Surprise, tail: ArrayLike<number>, ranks: boolean): void {
    this.channel = leastLikely(tail);
    const ofRow = rank(own.row, this.#row, evidenceOf(tail));
    this.alone = -kernels.log(ofRow);
    own.recent[own.rows[0]++ % shortRows] = Math.min(shortMax, this.alone);
    const ofShort = rank(own.short, this.#short, mean(own.recent));
    this.rows = ofShort < ofRow ? shortRows : 1;
    this.evidence = -kernels.log(Math.min(ofRow, ofShort));
    this.score = ranks ? rank(own.final, this.#final, this.evidence) : 1;
  }
}

/** The p-value of evidence among what the record holds, which then learns it. */
function rank(record: Record, ruler: Ruler, evidence: number): number {
  const bounded = Math.min(evidence, evidenceMax * (ruler.width / rowWidth));
  const p = pValue(record, ruler, bounded);
  add(record, ruler, bounded);
  return p;
}

/** One number for all channels: high when one is very unlikely, or many are a little. */
export function evidenceOf(tail: ArrayLike<number>): number {
  let known = 0;
  let sum = 0;
  let most = 0;
  for (let c = 0; c < tail.length; c++) {
    if (Number.isNaN(tail[c])) continue;
    const evidence = tailEvidence(tail[c] as number);
    known++;
    sum += evidence;
    most = Math.max(most, evidence);
  }
  return Math.max(0, joined(most, sum, known));
}

/** Evidence of a channel, in nats. */
export const tailEvidence = (tail: number): number => -kernels.log(Math.max(leastTail, Math.min(1, tail)));

/** Evidence of so many channels together, from the greatest and the sum of theirs. */
export const joined = (most: number, sum: number, channels: number): number => 0.5 * (most + sum / Math.sqrt(channels));

function leastLikely(tail: ArrayLike<number>): number {
  let channel = 0;
  for (let c = 1; c < tail.length; c++) if (!(tail[c] >= tail[channel])) channel = c;
  return channel;
}

function mean(numbers: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i];
  return sum / numbers.length;
}

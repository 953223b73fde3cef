import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';
import { ladderLayout, learnLadder, type Rungs, recalibrate } from './ladder.js';

const rungs: Rungs = { count: 8, highest: 1 / 50, reach: 1 / 50, goOn: [1 / 3], belief: 3.2 * 3, memoryRows: 10_000 };

/**
 * How often a key in which nothing is wrong shows how much newness. Outbreaks of newness are taken as a Poisson process
 * whose rate and mean size fall with the age of the key, as those of records do. How a key differs from that belief is
 * learnt: its rate and its mean size have gamma posteriors, and probabilities are predictive ones, so that what is not
 * known yet makes an outbreak likelier and never rarer. What is left of the error is taken out level by level (`ladder.ts`).
 */
export const rarityLayout = {
  rows: u32(),
  /** Outbreaks seen and expected, beside those believed. */
  seen: f64(),
  expected: f64(),
  /** How much larger outbreaks are believed to be than those of a key with normal steps; 0 while that is not known. */
  heavy: f64(),
  /** Sizes of outbreaks, in mean sizes: how many, and their sum. */
  sizes: f64(),
  size: f64(),
  /** The outbreak that is on: its greatest size and its least share, and rows since it was new; size 0 when none is. */
  peak: f64(),
  rarest: f64(),
  quiet: u32(),
  ladder: ladderLayout(rungs),
};
export type Rarity = Row<typeof rarityLayout>;

/** An outbreak is over when so many rows were not new. */
const outbreakRows = 40;
/** Rows in which what was learnt of a key fades: a key may change its nature. */
const memoryRows = 2500;
/** Outbreaks that the belief is worth, of rate and of size. */
const rateBelief = 5;
const sizeBelief = 5.5;
/** Rows between outbreaks at birth, how these grow with age, and until when; times what caution asks for. */
const birthRows = 68;
const agingRows = 0.107;
const oldRows = 5000;
const caution = 3.9;
/** Mean size of an outbreak at 200 rows, and the power with which it falls. */
const birthSize = 2.47;
const agingSize = 0.292;
const youngRows = 200;
/** More channels have more outbreaks, by this power of their number, and larger ones, by so much a unit of its logarithm. */
const rateOfChannels = 0.6;
const sizeOfChannels = 0.2;
/** Share of rows at which so much begins that is strange. */
const strangeShare = 1e-3;
/** Whether what begins at this share of rows is strange, so that it is not taken for usual: whatever the budget of alarms is. */
export const isStrange = (share: number): boolean => share <= strangeShare;
/** Outbreaks before this row are not counted level by level: nothing was known then. */
const countedFrom = 60;

/** Rarity of the newness of keys with so many channels. */
export class RarityOf {
  readonly #rate: number;
  readonly #size: number;

  constructor(channels: number) {
    this.#rate = kernels.pow(channels, rateOfChannels);
    this.#size = birthSize * (1 + sizeOfChannels * kernels.log(channels));
  }

  /** Share of rows at which an outbreak of at least so much newness begins, 1 where there is none; the row is then learnt. */
  judge(own: Rarity, newness: number): number {
    const rate = this.#rate / (birthRows + agingRows * Math.min(own.rows[0], oldRows));
    const age = Math.min(oldRows, Math.max(youngRows / 2, own.rows[0])) / youngRows;
    const size = newness / (this.#size * kernels.pow(age, -agingSize));
    const believed = newness > 0 ? Math.min(1, caution * likelihood(own, rate, size)) : 1;
    const share = newness <= 0 ? 1 : recalibrate(own.ladder, believed, rungs);
    learn(own, rate, size, believed);
    return share;
  }
}

/** Outbreaks of at least this size in one row. */
function likelihood(own: Rarity, rate: number, size: number): number {
  const belief = sizesOf(own);
  const posterior = (rate * (rateBelief + own.seen[0])) / (rateBelief + own.expected[0]);
  return posterior * kernels.pow(belief / (belief + size), sizeBelief + own.sizes[0]);
}

/** Sizes of outbreaks that are believed and seen, in all. */
const sizesOf = ({ heavy, size }: Rarity): number => sizeBelief * Math.max(1, heavy[0]) + size[0];

/** An outbreak is learnt when it is over. */
function learn(own: Rarity, rate: number, size: number, share: number): void {
  const keep = 1 - 1 / memoryRows;
  own.seen[0] *= keep;
  own.sizes[0] *= keep;
  own.size[0] *= keep;
  own.expected[0] = keep * own.expected[0] + rate;
  const counted = own.rows[0]++ >= countedFrom;
  let over = false;
  if (size > 0) {
    own.rarest[0] = own.peak[0] === 0 ? share : Math.min(own.rarest[0], share);
    own.peak[0] = Math.max(own.peak[0], size);
    own.quiet[0] = 0;
  } else over = own.peak[0] > 0 && ++own.quiet[0] >= outbreakRows;
  if (counted) learnLadder(own.ladder, over ? own.rarest[0] : 1, rungs);
  if (!over) return;
  const most = largest(own);
  own.seen[0]++;
  own.sizes[0]++;
  own.size[0] += Math.min(own.peak[0], most);
  own.peak[0] = 0;
}

/** What an outbreak counts at most: the size that one in four times as many as were seen has, so that an anomaly hides no other. */
function largest(own: Rarity): number {
  const outbreaks = sizeBelief + own.sizes[0];
  return sizesOf(own) * (kernels.pow(4 * outbreaks, 1 / outbreaks) - 1);
}

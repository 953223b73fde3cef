import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u32 } from '../../state/layout.js';
import { type AlarmBudget, type RatedBudget, rateOf } from '../budget.js';
import type { About } from './about.js';
import { allowanceLayout, grantOf, saveUp } from './allowance.js';
import { commonClockLayout, commonStepMs, tickCommon } from './common-clock.js';
import { charge, payRow } from './gate.js';
import { countBetween, forgetRanks, type Ranks, rank, ranksLayout } from './ranks.js';
import { rowsUntilSpent, spend, spendingLayout } from './spending.js';
import { joined, tailEvidence } from './surprise.js';
import { richSince, settle, wager, wagerLayout } from './wager.js';

/** Evidence of a value at the edge of its outermost band: what lies so far out is about as rare as 1 in e⁴. */
const edge = 4;
/** Evidence below which a value lies on neither side: where most are alike, what is expected wavers about them. */
const sided = 0.25;
const evidenceMax = 400;
/** Places in each of three lists: evidence is told apart by 1/32 of the logarithm of 1 + evidence, up to e⁶. */
const steps = 192;
const stepsEach = 32;
/** Evidence above what so many channels usually show from which on a row is far out, whatever its side. */
const far = 3;

/** Part of the budget that goes to rows that are strange alone; the rest is for what lasts. */
const alone = 2 / 3;
/** Rows that alarm by bets and are not far out themselves, in parts of the budget: a quarter of what bets are granted. */
const byBets = 0.25 * (1 - alone);
/** How far an alarm raises the bar until the rows that it was allowed for have come. */
const debt = 0.4;
/** A past that was so many alarms, and twice the budget, wrong is of another stream: the counts begin anew. */
const alarmsMax = 5;
const ofRow: About = { rows: 1, since: 0 };
/** The longest countdown. */
const leftMax = 0xffff_ffff;

export const conformalSharedLayout = { clock: commonClockLayout, allowance: allowanceLayout };
type SharedConformal = Row<typeof conformalSharedLayout>;

export const conformalLayout = {
  /** What draws of this key begin from, and how many there were. */
  seed: u32(),
  draws: u32(),
  ranks: ranksLayout(3 * steps),
  spending: spendingLayout,
  wager: wagerLayout,
  allowance: allowanceLayout,
  overdrawn: f64(),
  /** Alarms, and what was granted, since the counts began. */
  alarms: u32(),
  granted: f64(),
  /** Rows left until one alone can alarm, 0 from then on until the counts begin anew. */
  left: u32(),
  /** 1 once one could, since the counts began. */
  ready: u32(),
};
type Conformal = Row<typeof conformalLayout>;

/** What is read of a row. */
interface Seen {
  readonly values: ArrayLike<number>;
  readonly tail: ArrayLike<number>;
  readonly expected?: ArrayLike<number>;
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
}

/**
 * Ranks rows exactly and bets on the ranks. All that is decided follows from the p-values alone, one for each row, which are
 * independent and uniform while what forecasts leave of a key is exchangeable; so whatever is decided keeps what `wager` promises.
 */
export class ConformalOf {
  /** The p-value of the row that was judged last, in the one order that is bet on. */
  p = 1;
  /** How far out that row is, whatever its side: a p-value as well, among the same rows and by the same draw. */
  size = 1;
  /** What is told of it: as `size`, and at an alarm at most what it was let pass at. */
  score = 1;
  /** The least likely channel of that row. */
  channel = 0;
  /** What made it an alarm, in nats. */
  evidence = 0;
  /** The rows that an alarm is about. */
  about: About = ofRow;

  readonly #budget: RatedBudget;

  constructor(budget: AlarmBudget) {
    if ('falseDiscoveries' in budget) {
      throw new RangeError(
        'detect.budget: expected { alarms, per, every } or { alarms, per, rows } with evidence: "conformal", got falseDiscoveries: ' +
          'ranks of a key are not exact behind an anomaly, which is what a share of alarms is about; give a budget of alarms, or other evidence',
      );
    }
    this.#budget = budget;
  }

  /** Time passes for a key and for all. */
  tick(shared: SharedConformal, own: Conformal, timeMs: number): void {
    const common = this.#budget.per === 'all';
    if (common && !('rows' in this.#budget)) tickCommon(shared.clock, timeMs);
    saveUp(common ? shared.allowance : own.allowance, this.#budget, timeMs);
  }

  /** Ranks a row of which something is known. */
  rank(own: Conformal, key: string, row: Seen): void {
    if (own.draws[0] === 0) own.seed[0] = seedOf(key);
    const draw = drawOf(own.seed[0], own.draws[0]++);
    const place = this.#placeOf(row);
    this.p = rank(own.ranks, place, draw);
    this.size = sizeRank(own.ranks, place, draw);
    this.score = this.size;
  }

  /**
   * Counts down to the row from which one alone can alarm, as the pace and the savings of now let expect it. Rows that are
   * `judged` are granted something; the counts begin once more at row `settled`.
   */
  countDown(
    shared: SharedConformal,
    own: Conformal,
    stepMs: number,
    rows: number,
    judged: number,
    settled: number,
  ): void {
    if (own.ready[0] === 1 && rows >= settled) {
      own.left[0] = 0;
      return;
    }
    const wait = Math.max(0, judged - rows);
    const grant = alone * rateOf(this.#budget, this.#paceOf(shared, stepMs));
    const saved = own.spending.saved[0];
    const ranked = wait > 0 ? judged - Math.floor(judged / 2) : own.ranks.rows[0];
    let left = wait + (own.ready[0] === 1 ? 0 : rowsUntilSpent(saved, grant, ranked) - 1);
    if (rows < settled && rows + left + 1 >= settled) {
      const begun = settled - 1 - rows;
      left = begun + rowsUntilSpent(saved + grant * Math.min(begun, settled - 1 - judged), grant, 0) - 1;
    }
    own.left[0] = Number.isFinite(left) ? Math.min(left, leftMax) : wait;
  }

  /** Counts anew: from here on the p-values are of the rows that follow, and hang on nothing before. */
  begin(own: Conformal): void {
    forgetRanks(own.ranks);
    own.ready[0] = 0;
    own.alarms[0] = 0;
    own.granted[0] = 0;
  }

  /** Whether the row that was ranked alarms; `excuse`: nats that such alarms must be rarer by to be told. */
  alarms(shared: SharedConformal, own: Conformal, stepMs: number, excuse: number): boolean {
    const { allowance } = this.#budget.per === 'all' ? shared : own;
    const grant = grantOf(allowance, this.#budget, this.#paceOf(shared, stepMs));
    own.granted[0] += grant;
    payRow(own, grant, debt);
    // Credit is no reason for more alarms: what is promised must not hang on it.
    const bar = kernels.exp(Math.max(0, own.overdrawn[0]));
    const level = spend(own.spending, alone * grant, own.ranks.rows[0], bar);
    if (level > 0) own.ready[0] = 1;
    const capital = wager(own.wager, this.p, (1 - alone) * grant);
    this.score = Math.min(1, this.size + byBets * grant);
    const isRare = this.p <= level;
    const isWon = capital >= bar;
    if (!isRare && !isWon) return false;
    // What is excused is paid for as well: then alarms that are told are some of those that are bounded.
    this.about = ofRow;
    if (isWon && !isRare) {
      const led = richSince(own.wager);
      this.about = { rows: led.since + 1, ...led };
    }
    if (isWon) settle(own.wager);
    charge(own, debt);
    const isTold = this.p * kernels.exp(excuse) <= level || capital >= bar * kernels.exp(excuse);
    this.evidence = Math.max(isRare ? -kernels.log(this.p) : 0, isWon && grant > 0 ? kernels.log(capital / grant) : 0);
    // Rows that alarm by bets count as stranger than all that do not: so these have their share on top, and single ones have not.
    if (isTold) this.score = Math.min(this.size, isRare ? this.p : 1, isWon ? (grant * bar) / capital : 1);
    if (++own.alarms[0] >= alarmsMax + 2 * own.granted[0]) this.begin(own);
    return isTold;
  }

  /** Time between rows of which each has its part of the budget. */
  #paceOf(shared: SharedConformal, stepMs: number): number {
    return this.#budget.per === 'all' ? commonStepMs(shared.clock) : stepMs;
  }

  /**
   * Where a row stands in the one order of all rows: first what is far out whatever its side, then the others from far above what
   * was expected to far below. One order gives one p-value, and with it bets on both sides that all are fair given the same
   * past: ranks in two orders would each be uniform, but not given the past of both.
   */
  #placeOf(row: Seen): number {
    let [known, sum, most, side] = [0, 0, 0, 0];
    this.channel = 0;
    for (let c = 0; c < row.tail.length; c++) {
      if (Number.isNaN(row.tail[c])) continue;
      const evidence = evidenceOf(row, c);
      known++;
      sum += evidence;
      if (evidence > most) {
        most = evidence;
        this.channel = c;
      }
      const away = awayOf(row, c);
      if (away !== 0) side += (away > 0 ? 1 : -1) * Math.min(1, evidence);
    }
    const evidence = joined(most, sum, known);
    const step = Math.min(steps - 1, Math.floor(stepsEach * kernels.log1p(evidence)));
    if (evidence > 0.5 * (1 + kernels.log(known) + Math.sqrt(known)) + far) return steps - 1 - step;
    // The first place below is free: what has a side is at least so many steps from it.
    if (evidence < sided) return 2 * steps;
    return side >= 0 ? 2 * steps - 1 - step : 2 * steps + step;
  }
}

/** The rank of the row that was counted last by evidence alone: the order, with what lies below folded onto what lies above. */
function sizeRank(own: Ranks, place: number, draw: number): number {
  const rows = own.rows[0];
  if (place === 2 * steps) {
    const alike = countBetween(own, place, place + 1);
    return (rows - alike + draw * alike) / rows;
  }
  const step = place < steps ? steps - 1 - place : place < 2 * steps ? 2 * steps - 1 - place : place - 2 * steps;
  const further = (least: number): number =>
    countBetween(own, 0, steps - least) +
    countBetween(own, steps, 2 * steps - least) +
    countBetween(own, Math.max(2 * steps + 1, 2 * steps + least), 3 * steps);
  const stranger = further(step + 1);
  return (stranger + draw * (further(step) - stranger)) / rows;
}

/** How far a value lies from what was expected; 0 of words and of what has no forecast, which have no side. */
function awayOf({ values, expected }: Seen, c: number): number {
  const away = values[c] - (expected?.[c] ?? Number.NaN);
  return Number.isFinite(away) ? away : 0;
}

/**
 * How far out a value lies, in halves of the outermost band: the half on its side may have no width, where it ends at a floor.
 * Tails would be nearer to what is meant, but they are of a shape that is learnt all the time, and then rows of other ages are
 * no longer alike: they stand in where there is no band.
 */
function evidenceOf(row: Seen, c: number): number {
  const low = row.low?.[c] ?? Number.NaN;
  const high = row.high?.[c] ?? Number.NaN;
  if (!(high >= low)) return tailEvidence(row.tail[c]);
  const away = awayOf(row, c);
  if (away === 0) return 0;
  const half = 0.5 * (high - low);
  return half > 0 ? Math.min(evidenceMax, (edge * Math.abs(away)) / half) : evidenceMax;
}

/** What the draws of a key begin from (FNV-1a), so that they are the same wherever its rows are read. */
function seedOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** The n-th draw from a seed, uniform in (0, 1): splitmix32, with the seed in once more so that keys do not share a sequence. */
function drawOf(seed: number, n: number): number {
  let mixed = (seed + Math.imul(n + 1, 0x9e3779b9)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ seed, 0x735a2d97);
  return (((mixed ^ (mixed >>> 15)) >>> 0) + 0.5) / 4_294_967_296;
}

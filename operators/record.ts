import { kernels } from '../models/kernels/index.js';
import { f32, f64, type Row, u32 } from '../state/layout.js';

const bins = 128;

/** Evidence is learnt so many rows late: what happens now is not judged by its own beginning. */
const waitingRows = 24;
/** Bins in a group, whose sums save most of the adding up. */
const groupBins = 8;

/**
 * How often which evidence was seen: a histogram that forgets, and so a distribution to take ranks in. Weights grow
 * with time instead of all bins shrinking, and are brought down together now and then.
 */
export const recordLayout = {
  /** Weight of the newest row, and of all. */
  weight: f64(),
  total: f64(),
  rows: u32(),
  bins: f32(bins),
  groups: f32(bins / groupBins),
  /** The tail as it was last fitted: where it begins, how much lies in it, its mean excess. */
  edge: f64(),
  share: f64(),
  size: f64(),
  /** How sure the mean excess is, as a number of rows: the fewer, the heavier the tail. */
  sure: f64(),
  /** Evidence that is not learnt yet, in a ring. */
  waiting: f32(waitingRows),
  waited: u32(),
  /** 1 when the tail must be fitted again before it is used. */
  stale: u32(),
};
export type Record = Row<typeof recordLayout>;

/** The tail is fitted to this share of what was seen, or to so many rows if that is more. */
const tailShare = 0.01;
const tailRows = 25;
/** What every fit of a tail starts from: so many rows, so many bins above its edge. */
const priorRows = 1;
const priorBins = 4;
/**
 * How sure the mean excess is of which the tail is made, as rows that say as much: from so many on, one more every so many rows,
 * first for a while and then slower. What is not known yet makes the tail heavier (Lomax): the predictive distribution of an
 * exponential excess whose mean has a gamma posterior. Far beyond what was seen a young record claims little.
 */
const sureLeast = 1.5;
const sureSoon = { rows: 300, most: 6 };
const sureLate = { rows: 2000, most: 6 };
const rarestLearnt = 1e-4;
/** The least p-value: an exponential tail says more than is known. */
const least = 1e-15;
const youngRows = 64;
const refitRows = 16;
const weightMax = 1_099_511_627_776;

/** How a record is read: width of its bins, and the rows after which it has forgotten. */
export interface Ruler {
  readonly width: number;
  readonly memoryRows: number;
  /** What the tail of a new record is worth, in rows: more where evidence is made of p-values, whose tail is known. */
  readonly sure?: number;
}

/** Rows of equal weight that would say as much: weights grow with the square of age, later by a fixed rate. */
const rowsOf = (record: Record, { memoryRows }: Ruler): number =>
  Math.max(1, Math.min((record.rows[0] * 5) / 9, 2 * memoryRows));

/** Fits an exponential tail by the mean of what lies in it. */
function fitTail(record: Record, ruler: Ruler): void {
  const rows = rowsOf(record, ruler);
  const total = record.total[0];
  const row = total / rows;
  const limit = Math.max(tailShare, Math.min(0.5, tailRows / rows)) * total;
  const { bins: counts } = record;
  let above = 0;
  let excess = priorRows * row * priorBins;
  let first = bins;
  while (first > 1 && above + counts[first - 1] <= limit) {
    // One bin lower, all that lies above is one bin further from the edge.
    excess += above;
    above += counts[--first];
    excess += 0.5 * counts[first];
  }
  record.edge[0] = first * ruler.width;
  // The row that is asked about counts itself (conformal): of n rows none is rarer than one in n + 1 by rank alone.
  const mine = record.weight[0];
  record.share[0] = (above + mine) / (total + mine);
  record.size[0] = (excess / (above + priorRows * row)) * ruler.width;
  const sure = ruler.sure ?? sureLeast;
  const soon = Math.min(Math.max(sure, sureSoon.most), sure + record.rows[0] / sureSoon.rows);
  record.sure[0] = soon + Math.min(sureLate.most, record.rows[0] / sureLate.rows);
  record.stale[0] = 0;
}

/** Share of what was seen that is at least `evidence`; beyond the tail's edge what the fitted tail says, never 0. */
export function pValue(record: Record, ruler: Ruler, evidence: number): number {
  if (record.rows[0] === 0) return 1;
  if (record.stale[0] !== 0) fitTail(record, ruler);
  const share = record.share[0];
  if (evidence >= record.edge[0]) {
    const sure = record.sure[0];
    return Math.max(least, share * kernels.pow(1 + (evidence - record.edge[0]) / (sure * record.size[0]), -sure));
  }
  const { bins: counts, groups } = record;
  const at = Math.floor(evidence / ruler.width);
  let above = 0;
  let next = at + 1;
  for (; next < bins && next % groupBins !== 0; next++) above += counts[next];
  for (let group = next / groupBins; group < groups.length; group++) above += groups[group];
  // Within its bin evidence is spread evenly if the bin is a slice of many; a bin that holds nearly all may hold one
  // number again and again, which is as common as the whole bin.
  const inside = Math.max(at + 1 - evidence / ruler.width, 1 - above / counts[at]);
  if (counts[at] > 0) above += counts[at] * inside;
  const mine = record.weight[0];
  return Math.min(1, Math.max(share, (above + mine) / (record.total[0] + mine)));
}

/** Takes evidence down, to be learnt `waitingRows` later. */
export function add(record: Record, ruler: Ruler, evidence: number): void {
  const slot = record.waited[0]++ % waitingRows;
  if (record.waited[0] > waitingRows) learn(record, ruler, learnable(record, ruler, record.waiting[slot]));
  record.waiting[slot] = evidence;
}

/**
 * Evidence is learnt as what comes once in 10,000 rows, or in four times the rows seen, at most. So a record of extremes
 * grows step by step: one anomaly does not hide the next, and still every new habit is learnt.
 */
function learnable(record: Record, ruler: Ruler, evidence: number): number {
  if (record.rows[0] === 0 || evidence < record.edge[0]) return evidence;
  const rarest = Math.max(rarestLearnt, 0.25 / rowsOf(record, ruler));
  if (rarest >= record.share[0]) return evidence;
  return Math.min(evidence, record.edge[0] + record.size[0] * kernels.log(record.share[0] / rarest));
}

/** Counts evidence; the record remembers about `memoryRows` rows, and while it is young the younger half of its life. */
function learn(record: Record, { width, memoryRows }: Ruler, evidence: number): void {
  const at = Math.min(bins - 1, Math.floor(evidence / width));
  const life = ++record.rows[0];
  const weight = life === 1 ? 1 : record.weight[0] * (1 + Math.max(1 / memoryRows, 2 / life));
  record.weight[0] = weight;
  record.bins[at] += weight;
  record.groups[Math.floor(at / groupBins)] += weight;
  record.total[0] += weight;
  // Between two of these the tail changes by little, and fitting it costs more than all the rest.
  if (evidence >= record.edge[0] || life < youngRows || life % refitRows === 0) record.stale[0] = 1;
  if (weight < weightMax) return;
  for (let i = 0; i < bins; i++) record.bins[i] /= weightMax;
  for (let i = 0; i < record.groups.length; i++) record.groups[i] /= weightMax;
  record.total[0] /= weightMax;
  record.weight[0] /= weightMax;
}

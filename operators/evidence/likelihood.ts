import { kernels } from '../../models/kernels/index.js';
import { f64, type Row, u8, u32 } from '../../state/layout.js';

export interface LikelihoodOptions {
  /** First rows of a key whose scores teach nothing: its memory knows nothing yet. */
  readonly learnRows: number;
  /** Rows after which scores are judged. */
  readonly warmupRows: number;
}

/** Scores that the distribution is made of, rows that each of its means is over, and rows after which it is made anew. */
const historyRows = 8640;
export const shortRows = 10;
const refitRows = 100;
/** What mean and variance of the scores count as at least, so that one surprise of a quiet key is not the end of the world. */
const leastMean = 0.03;
const leastVariance = 0.0003;
/** A probability at most this is an anomaly; those that follow such a one without a break count as the second. */
const red = 1e-5;
const yellow = 1e-3;
/** The smallest probability that is told apart, so that its logarithm can be scaled to 1. */
const smallest = 1e-10;

export const likelihoodLayout = {
  rows: u32(),
  /** The newest scores. */
  scores: f64(historyRows),
  mean: f64(),
  deviation: f64(),
  /** 1 while the row before was an anomaly. */
  on: u8(),
  /** 1 when scores of the past were put right after the distribution was made. */
  stale: u8(),
};
export type Likelihood = Row<typeof likelihoodLayout>;

/**
 * Anomaly likelihood: the probability, under a normal distribution of what the key's scores used to be, that ten of them in
 * a row have a mean at least as high, from 0.0301 at an even chance to 1 at 1e-10 on a scale of logarithms. An anomaly is told once, at its first row.
 *
 *   s = mean of the last 10 scores;  μ, σ of the last 8,640 s, every 100 rows;  p = ½ erfc((s − μ)/(σ √2));  −log₁₀ p / 10
 *
 * Lavin and Ahmad 2015, Evaluating Real-Time Anomaly Detection Algorithms; Ahmad et al. 2017, Unsupervised Real-Time Anomaly
 * Detection for Streaming Data. Known weakness: scores are not normal and ten of them not independent, so p is no probability
 * that keeps a budget of alarms. Some 1,800 operations a row, 69 KB a key.
 */
export function likelihood(own: Likelihood, score: number, options: LikelihoodOptions): number {
  const { warmupRows } = options;
  const row = own.rows[0]++;
  const due = row === warmupRows || row % refitRows === 0 || own.stale[0] === 1;
  if (row >= warmupRows && due) relearn(own, row, options);
  own.scores[row % historyRows] = score;
  let probability = 0.5;
  if (row >= warmupRows) {
    const short = shortMean(own, row, 0);
    probability = 0.5 * kernels.erfc((short - own.mean[0]) / (own.deviation[0] * Math.SQRT2));
    const anomalous = probability <= red;
    if (anomalous && own.on[0] === 1) probability = yellow;
    own.on[0] = Number(anomalous);
  }
  return kernels.log(Math.min(1, smallest + probability)) / kernels.log(smallest);
}

/** Puts a score of the past right, 1 for that of the newest row: what made it says now what it had said, had it known. */
export function putRight(own: Likelihood, back: number, score: number): void {
  const row = own.rows[0] - back;
  if (back > historyRows || row < 0) return;
  own.scores[row % historyRows] = score;
  own.stale[0] = 1;
}

/** What the likelihood of a row counts as at most that follows an anomaly. */
export const followingAtMost = 0.3;

/** The least score of an anomaly. */
export const anomalousFrom = 0.5;

/** The distribution of the means before a row, without those of the first rows of the key. */
function relearn(own: Likelihood, row: number, { learnRows }: LikelihoodOptions): void {
  own.stale[0] = 0;
  const oldest = Math.max(0, row - historyRows);
  const from = Math.max(learnRows, oldest);
  let sum = 0;
  for (let i = from; i < row; i++) sum += shortMean(own, i, oldest);
  const middle = sum / (row - from);
  let squares = 0;
  for (let i = from; i < row; i++) {
    const off = shortMean(own, i, oldest) - middle;
    squares += off * off;
  }
  own.mean[0] = Math.max(leastMean, middle);
  own.deviation[0] = Math.sqrt(Math.max(leastVariance, squares / (row - from)));
}

/** Mean of the ten scores up to a row, or of as many as there are from the oldest one on. */
export function shortMean({ scores }: Likelihood, row: number, oldest: number): number {
  const from = Math.max(oldest, row - shortRows + 1);
  let sum = 0;
  for (let i = from; i <= row; i++) sum += scores[i % historyRows];
  return sum / (row - from + 1);
}

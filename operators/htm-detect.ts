import type { Event } from '../event.js';
import { htmNovelty, pastRows } from '../models/htm-novelty.js';
import { kernels } from '../models/kernels/index.js';
import { isValue } from '../models/series.js';
import type { KeyLimit } from '../state/keys.js';
import { u32 } from '../state/layout.js';
import type { Detected } from './detect.js';
import type { About } from './evidence/about.js';
import { excused, excuseOf, fade, feedbackLayout, hear, noteAlarm, type Sort, withHeard } from './evidence/feedback.js';
import type { Part, Reasons } from './evidence/judge.js';
import {
  anomalousFrom,
  followingAtMost,
  type Likelihood,
  likelihood,
  likelihoodLayout,
  putRight,
  shortMean,
  shortRows,
} from './evidence/likelihood.js';
import { noteRun, runLayout, runRows } from './evidence/run.js';
import { checkNames, checkNumber } from './options.js';
import { extended, keyed, type Nothing, type Stage } from './stage.js';

export interface HtmDetectOptions {
  /** What the pooler's and the memory's chance begins from; default 1. */
  readonly seed?: number;
  /** First rows of a key, whose surprises the likelihood does not learn; default 150. */
  readonly learnRows?: number;
  /** First rows of a key for which there is no likelihood; default 300. */
  readonly warmupRows?: number;
  readonly keys?: KeyLimit;
}

/** Rows after which a value outside the range is an anomaly, and how far outside, as a share of the range. */
const rangeRows = 100;
const rangeMargin = 0.02;
/** The probability of an anomaly, and what one that follows an anomaly counts as at least. */
const anomalous = kernels.pow(10, -10 * anomalousFrom);
const following = kernels.pow(10, -10 * followingAtMost);

const layoutOf = (novelty: ReturnType<typeof htmNovelty>['layout']) => ({
  rows: u32(),
  /** Rows for which nothing more is told. */
  still: u32(),
  run: runLayout(runRows),
  feedback: feedbackLayout,
  novelty,
  likelihood: likelihoodLayout,
});

/** What marks tell apart: values outside the range by channel, and sequences, which are of the key. */
const sortOf = (range: boolean, channel: number): Sort => ({ channel: channel + 1, kind: range ? 1 : 0 });
const ofSequence = sortOf(false, -1);

/**
 * HTM alone as a detector, as Numenta published it but without the range of the whole file: what share of a row's columns
 * was not foretold, the anomaly likelihood of that, and 1 for a value outside the range so far. It reads no
 * forecasts; a pipeline has them all the same, as results and anomalies say what was expected. An anomaly is told at its
 * first row: the next ten, whose means it is in, tell none, and before `warmupRows` there is none of either kind.
 * `onset` is the likelihood on its scale from 0 to 1, an alarm one of 0.5. `score` is the probability it stands for, of a
 * row that only leaves the range of n rows 1/n.
 */
export function htmDetect<A extends Event & { readonly filled?: boolean }>(
  options: HtmDetectOptions = {},
): Stage<A, A & Detected> {
  const { seed = 1, learnRows = 150, warmupRows = 300, keys } = options;
  checkNames('htm-detect', options, ['seed', 'learnRows', 'warmupRows', 'keys']);
  checkNumber('htm-detect.seed', seed, { min: 0, max: 4_294_967_295, whole: true });
  checkNumber('htm-detect.learnRows', learnRows, { min: 0, max: 1e6, whole: true });
  checkNumber('htm-detect.warmupRows', warmupRows, { min: learnRows + 1, max: 1e6, whole: true });
  const version = '5';
  const rangeFrom = Math.max(rangeRows, warmupRows);
  const stage = keyed<Nothing, ReturnType<typeof layoutOf>, A, A & Detected>(
    'htm-detect',
    { seed, learnRows, warmupRows, keys },
    ({ channels, categories = [] }) => {
      if (categories.length > 0) {
        throw new RangeError(
          `htm-detect: expected channels of numbers, ${categories.join(', ')} are of words, which it does not see: ` +
            'take detect behind remember with memory htm',
        );
      }
      const novelty = htmNovelty({ channels: channels.length, seed });
      return {
        id: 'htm-detect',
        version,
        keys,
        shared: {},
        layout: layoutOf(novelty.layout),
        initKey: (_, own) => novelty.start(own.novelty),
        step(_, own, given: A, out) {
          const row = withHeard(own.feedback, given);
          const { values } = row;
          fade(own.feedback);
          // What `align` filled in was not reported: it is neither strange nor learnt.
          if (row.filled || !values.some(isValue)) {
            const warmup = Math.max(0, warmupRows - own.rows[0]);
            return out.emit(extended(row, { score: 1, alarm: false, abnormal: false, onset: 0, warmup, run: -1 }));
          }
          const far = own.rows[0] >= rangeFrom ? farthest(own.novelty, values) : nowhere;
          const share = novelty.step(own.novelty, values, row.timeMs);
          const { renewed, rows, shares } = own.novelty;
          const newest = rows[0] - 1;
          for (let back = 1; back <= renewed[0]; back++) {
            putRight(own.likelihood, back, shares[(newest - back) % pastRows]);
          }
          const strange = likelihood(own.likelihood, share, { learnRows, warmupRows });
          const run = noteRun(own.run, strangeness * (share - Math.max(leastStrange, 2 * own.likelihood.mean[0])));
          const seen = own.rows[0]++;
          const p = kernels.pow(10, -10 * strange);
          const outside = far.excess > rangeMargin;
          const ofRange = sortOf(true, far.channel);
          // What was said of such alarms makes the bar of a sequence rarer, and the margin of a range wider.
          const leaves = far.excess > rangeMargin * kernels.exp(excuseOf(own.feedback, ofRange));
          const breaks = excused(p, excuseOf(own.feedback, ofSequence)) <= anomalous;
          const score = outside || leaves ? Math.min(p, 1 / seen) : p;
          const onset = outside ? 1 : strange;
          const warmup = Math.max(0, warmupRows - own.rows[0]);
          if (own.still[0] > 0) {
            own.still[0]--;
            const told = { score: Math.max(score, following), onset: Math.min(onset, followingAtMost) };
            return out.emit(extended(row, { ...told, alarm: false, abnormal: false, warmup, run }));
          }
          const alarm = leaves || breaks;
          if (alarm || onset >= anomalousFrom) own.still[0] = shortRows - 1;
          const judged = extended(row, { score, alarm, abnormal: alarm, onset, warmup, run });
          if (!alarm) return out.emit(judged);
          const sort = leaves ? ofRange : ofSequence;
          noteAlarm(own.feedback, row.timeMs, sort);
          const found = reasonsOf(channels.length, breaks ? p : 1, leaves ? far.channel : -1, seen);
          const reasons = withMeasures(found, own.likelihood, far, values);
          const about = aboutOf(reasons, own.likelihood, run, excuseOf(own.feedback, sort));
          out.emit(extended(judged, { reasons, about }));
        },
        mark: (_, own, mark) => hear(own.feedback, mark, channels, (kind) => (kind === 1 ? 'value' : 'sequence')),
      };
    },
  );
  return { ...stage, tells: { judge: { name: 'htm-detect', version } } };
}

/** Why it alarms: a sequence of this probability, and a channel (−1: none) that left the range of so many rows. */
function reasonsOf(channels: number, p: number, channel: number, rows: number): Reasons {
  const range = channel >= 0 ? kernels.log(rows) : 0;
  const parts: Part[] = [
    { kind: 'sequence', nats: -kernels.log(p) },
    { kind: 'value', nats: range },
  ];
  return {
    channel,
    channels: Array.from({ length: channels }, (_, c) => (c === channel ? range : 0)),
    parts: parts.filter(({ nats }) => nats > 0).sort((a, b) => b.nats - a.nats),
  };
}

/** Scores beyond this, and beyond twice their mean, are strange, and how strange in nats one of 1 more would be. */
const leastStrange = 0.3;
const strangeness = 6;
/** Deviations of a normal distribution from its mean to its highest hundredth. */
const highestHundredth = 2.326;

/** Reasons with the numbers they went by. */
function withMeasures(reasons: Reasons, own: Likelihood, far: typeof nowhere, values: readonly number[]): Reasons {
  const high = own.mean[0] + highestHundredth * own.deviation[0];
  const sequence = { actual: shortMean(own, own.rows[0] - 1, 0), low: 0, high };
  const value = { actual: values[far.channel], low: far.low, high: far.high };
  const parts = reasons.parts.map((part) => ({ ...part, measured: part.kind === 'sequence' ? sequence : value }));
  return { ...reasons, parts };
}

/** Of a sequence the rows that its likelihood looks at, the least foretold of them the strongest; of a range the row itself. */
function aboutOf({ parts }: Reasons, { scores, rows }: Likelihood, run: number, excuse: number): About {
  const since = Math.max(0, run);
  if (parts[0]?.kind !== 'sequence') return { rows: 1, since, strongest: 0, excuse };
  const nth = (back: number): number => scores[(rows[0] - 1 - back) % scores.length];
  let strongest = 0;
  for (let back = 1; back < Math.min(shortRows, rows[0]); back++) if (nth(back) > nth(strongest)) strongest = back;
  return { rows: shortRows, since, strongest, excuse };
}

const nowhere = { channel: -1, excess: 0, low: Number.NaN, high: Number.NaN };

/** The channel whose value lies farthest outside its range, as a share of that; −1 and 0 where none does. */
function farthest({ low, high }: { low: Float64Array; high: Float64Array }, values: readonly number[]): typeof nowhere {
  let farthest = nowhere;
  for (let c = 0; c < values.length; c++) {
    const range = high[c] - low[c];
    if (!isValue(values[c]) || !(range > 0)) continue;
    const excess = Math.max(values[c] - high[c], low[c] - values[c]) / range;
    if (excess > farthest.excess) farthest = { channel: c, excess, low: low[c], high: high[c] };
  }
  return farthest;
}

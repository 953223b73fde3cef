import type { Event } from '../event.js';
import { htmNovelty, pastRows } from '../models/htm-novelty.js';
import { kernels } from '../models/kernels/index.js';
import { isValue } from '../models/series.js';
import type { KeyLimit } from '../state/keys.js';
import { u32 } from '../state/layout.js';
import type { Detected } from './detect.js';
import { excused, excuseOf, fade, feedbackLayout, judgeAlarms, noteAlarm, type Sort } from './evidence/feedback.js';
import type { Part, Reasons } from './evidence/judge.js';
import {
  anomalousFrom,
  followingAtMost,
  likelihood,
  likelihoodLayout,
  putRight,
  shortRows,
} from './evidence/likelihood.js';
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
  const version = '4';
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
        step(_, own, row: A, out) {
          const { values } = row;
          fade(own.feedback);
          // What `align` filled in was not reported: it is neither strange nor learnt.
          if (row.filled || !values.some(isValue)) {
            const warmup = Math.max(0, warmupRows - own.rows[0]);
            return out.emit(extended(row, { score: 1, alarm: false, abnormal: false, onset: 0, warmup }));
          }
          const far = own.rows[0] >= rangeFrom ? farthest(own.novelty, values) : nowhere;
          const share = novelty.step(own.novelty, values, row.timeMs);
          const { renewed, rows, shares } = own.novelty;
          const newest = rows[0] - 1;
          for (let back = 1; back <= renewed[0]; back++) {
            putRight(own.likelihood, back, shares[(newest - back) % pastRows]);
          }
          const strange = likelihood(own.likelihood, share, { learnRows, warmupRows });
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
            return out.emit(extended(row, { ...told, alarm: false, abnormal: false, warmup }));
          }
          const alarm = leaves || breaks;
          if (alarm || onset >= anomalousFrom) own.still[0] = shortRows - 1;
          const judged = extended(row, { score, alarm, abnormal: alarm, onset, warmup });
          if (!alarm) return out.emit(judged);
          noteAlarm(own.feedback, row.timeMs, leaves ? ofRange : ofSequence);
          const reasons = reasonsOf(channels.length, breaks ? p : 1, leaves ? far.channel : -1, seen);
          out.emit(extended(judged, { reasons }));
        },
        mark: (_, own, { startMs, endMs, verdict }) =>
          judgeAlarms(own.feedback, startMs, endMs, verdict === 'expected'),
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

const nowhere = { channel: -1, excess: 0 };

/** The channel whose value lies farthest outside its range, as a share of that; −1 and 0 where none does. */
function farthest({ low, high }: { low: Float64Array; high: Float64Array }, values: readonly number[]): typeof nowhere {
  let channel = -1;
  let excess = 0;
  for (let c = 0; c < values.length; c++) {
    const range = high[c] - low[c];
    if (!isValue(values[c]) || !(range > 0)) continue;
    const past = Math.max(values[c] - high[c], low[c] - values[c]) / range;
    if (past <= excess) continue;
    channel = c;
    excess = past;
  }
  return { channel, excess };
}

import type { Event } from '../event.js';
import { htmNovelty, pastRows } from '../models/htm-novelty.js';
import { kernels } from '../models/kernels/index.js';
import { isValue } from '../models/series.js';
import type { KeyLimit } from '../state/keys.js';
import { u32 } from '../state/layout.js';
import type { Detected } from './detect.js';
import {
  anomalousFrom,
  followingAtMost,
  likelihood,
  likelihoodLayout,
  putRight,
  shortRows,
} from './evidence/likelihood.js';
import { checkNames, checkNumber } from './options.js';
import { extended, keyed, type Stage } from './stage.js';

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

/**
 * HTM alone as a detector, as Numenta published it but without the range of the whole file: what share of a row's columns
 * was not foretold, the anomaly likelihood of that, and 1 for a value outside the range so far. It reads no
 * forecasts; a pipeline has them all the same, as results and anomalies say what was expected. An anomaly is told at its first row: the next ten, whose means it is in, tell none.
 * `onset` is the likelihood on its scale from 0 to 1, `score` the probability it stands for, an alarm a likelihood of 0.5.
 */
export function htmDetect<A extends Event & { readonly filled?: boolean }>(
  options: HtmDetectOptions = {},
): Stage<A, A & Detected> {
  const { seed = 1, learnRows = 150, warmupRows = 300, keys } = options;
  checkNames('htm-detect', options, ['seed', 'learnRows', 'warmupRows', 'keys']);
  checkNumber('htm-detect.seed', seed, { min: 0, max: 4_294_967_295, whole: true });
  checkNumber('htm-detect.learnRows', learnRows, { min: 0, max: 1e6, whole: true });
  checkNumber('htm-detect.warmupRows', warmupRows, { min: learnRows + 1, max: 1e6, whole: true });
  return keyed('htm-detect', { seed, learnRows, warmupRows, keys }, ({ channels, categories = [] }) => {
    if (categories.length > 0) {
      throw new RangeError(
        `htm-detect: expected channels of numbers, ${categories.join(', ')} are of words, which it does not see: ` +
          'take detect behind remember with memory htm',
      );
    }
    const novelty = htmNovelty({ channels: channels.length, seed });
    const layout = {
      rows: u32(),
      /** Rows for which nothing more is told. */
      still: u32(),
      novelty: novelty.layout,
      likelihood: likelihoodLayout,
    };
    return {
      id: 'htm-detect',
      version: '3',
      keys,
      shared: {},
      layout,
      initKey: (_, own) => novelty.start(own.novelty),
      step(_, own, row: A, out) {
        const { values } = row;
        // What `align` filled in was not reported: it is neither strange nor learnt.
        const known = !row.filled && values.some(isValue);
        const outside = known && own.rows[0] >= rangeRows && leaves(own.novelty, values);
        let onset = 0;
        if (known) {
          const share = novelty.step(own.novelty, values, row.timeMs);
          const { renewed, rows, shares } = own.novelty;
          const newest = rows[0] - 1;
          for (let back = 1; back <= renewed[0]; back++) {
            putRight(own.likelihood, back, shares[(newest - back) % pastRows]);
          }
          onset = likelihood(own.likelihood, share, { learnRows, warmupRows });
          own.rows[0]++;
          if (outside) onset = 1;
          onset = once(own.still, onset);
        }
        const warmup = Math.max(0, warmupRows - own.rows[0]);
        const alarm = onset >= anomalousFrom;
        out.emit(extended(row, { score: kernels.pow(10, -10 * onset), alarm, abnormal: alarm, onset, warmup }));
      },
    };
  });
}

/** What is told of a row: an anomaly once in the rows of a mean. `still` counts those for which nothing more is told. */
function once(still: Uint32Array, onset: number): number {
  if (still[0] > 0) {
    still[0]--;
    return Math.min(onset, followingAtMost);
  }
  if (onset >= anomalousFrom) still[0] = shortRows - 1;
  return onset;
}

/** Whether a value lies outside the range of its channel by more than the margin. */
function leaves({ low, high }: { low: Float64Array; high: Float64Array }, values: readonly number[]): boolean {
  return values.some((value, c) => {
    const margin = rangeMargin * (high[c] - low[c]);
    return isValue(value) && margin > 0 && (value > high[c] + margin || value < low[c] - margin);
  });
}

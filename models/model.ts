import type { Layout, Row } from '../state/layout.js';
import type { EncoderSpec } from './fields.js';
import type { WordLimit } from './words.js';

/** What a memory is told about one event. */
export interface Input {
  /** Per channel its word, where it is of words; there the value is NaN. */
  readonly words?: readonly (string | undefined)[] | undefined;
  /** One number per channel; NaN where it is missing. */
  readonly values: ArrayLike<number>;
  readonly timeMs: number;
  /** Per channel a power of two near the running deviation; changes rarely, so features scaled by it stay put. */
  readonly scale: ArrayLike<number>;
  /** Seasonal periods in rows that the stream has shown so far, the most useful first; may be empty. */
  readonly periods: ArrayLike<number>;
}

/** What a memory expects; the arrays are the caller's and are written in place. */
export interface Prediction {
  /** How unexpected the event was, in nats: negative log density for numbers, −log of the predicted share for codes. */
  surprise: number;
  /** Point forecasts in the units of the values, index `channel * horizons + horizon`; NaN while there is no opinion. */
  readonly mean: Float64Array;
  /** Typical absolute error of each forecast, same index. */
  readonly spread: Float64Array;
  /** Per channel what no forecast of it may lie below, −Infinity where there is no such bound: `mean` keeps to it. */
  readonly floor?: Float64Array | undefined;
  /** `mean` as it was before the floor, same index: what errors are measured from, so that they keep a width there. */
  readonly unfloored?: Float64Array | undefined;
  /**
   * Further signs of how far each forecast may miss, lengths in the units of the values (0: no sign), index
   * `(channel * horizons + horizon) * gauges + gauge`: what `interval` learns the width of its quantiles from.
   */
  readonly gauges?: Float64Array | undefined;
  /** Quantiles of each forecast at the model's `levels`, ascending, index `(channel * horizons + horizon) * levels + level`. */
  readonly quantiles?: Float64Array | undefined;
  /** Point forecasts of the parts of a mixture, index `member * channels * horizons + channel * horizons + horizon`. */
  readonly members?: Float64Array | undefined;
  /** What memories of words made of this row and say of the next, one entry a channel of words. */
  words?: readonly WordPrediction[] | undefined;
  /** What of this row had not been expected, where a memory tells its fields apart; absent where it was expected. */
  unexpected?: readonly UnexpectedField[] | undefined;
}

/** A word and its probability. */
export interface LikelyWord {
  readonly word: string;
  readonly probability: number;
}

/** One channel of words at one row. */
export interface WordPrediction {
  readonly channel: number;
  /** Probability of a word at most as likely as the one that came, NaN where none came or nothing was expected. */
  readonly tail: number;
  /** What had been expected of this row, and what is expected of the next, the likeliest first. */
  readonly expected: readonly LikelyWord[];
  readonly next: readonly LikelyWord[];
}

/** A field of an input, how much of it had not been expected (0 to 1), and what had been. */
export interface UnexpectedField {
  readonly field: string;
  readonly share: number;
  readonly instead: string;
}

/** What every memory is built from. */
export interface MemoryOptions {
  readonly channels: number;
  /** Rows ahead to forecast, ascending, each at least 1. */
  readonly horizons: readonly number[];
  /** What random weights begin from, 1 when absent; memories without chance pass it over. */
  readonly seed?: number;
  /** Whether every key has weights of its own, the default, or all keys of a shard share one net: see `models/net.ts`. */
  readonly weights?: 'own' | 'shared';
  /** Names of the channels, for memories that name them. */
  readonly names?: readonly string[];
  /** Indices of the channels that are of words; memories of numbers have none. */
  readonly categories?: readonly number[];
  /** How many words a key may know. */
  readonly words?: WordLimit;
  /** What an HTM sees of a row; what is usual for its channels when absent. */
  readonly encoders?: readonly EncoderSpec[];
  /** Among which columns of an HTM the winners are looked for: all, the default, or in each of some areas. */
  readonly inhibition?: 'global' | 'local';
  /** Whether a memory whose forecasts are whole distributions (an HTM's classifier) tells them; false when absent. */
  readonly whole?: boolean;
}

/**
 * A memory described as a value: it owns no state, only the layout of the rows it is handed. `step` scores the event
 * against what was expected, learns from it, then predicts what follows, in bounded time and without allocating.
 */
export interface Model<S extends Layout = Layout, K extends Layout = Layout> extends MemoryOptions {
  readonly name: string;
  /** Goes up when the meaning of the state changes: a checkpoint of another version is refused. */
  readonly version: number;
  /** How many `Prediction.gauges` each forecast has; none when absent. */
  readonly gauges?: number;
  /** Whether its forecasts keep to `Prediction.floor`. */
  readonly floored?: true;
  /** Whether it learns from what it missed, so that its errors have no bias which lasts: its bands may take their time. */
  readonly mends?: true;
  /** Whether it tells what of a row it had not expected (`Prediction.unexpected`, `words`). */
  readonly explains?: true;
  /** Names of the parts of a mixture, in the order of `Prediction.members`. */
  readonly members?: readonly string[];
  /** Levels of `Prediction.quantiles`, ascending, where it has a head that makes whole distributions. */
  readonly levels?: readonly number[];
  /** One row per shard: what all its keys taught. */
  readonly shared: S;
  /** One row per key. */
  readonly keyed: K;
  /** Rows arrive zeroed. */
  init(shared: Row<S>): void;
  initKey(shared: Row<S>, own: Row<K>): void;
  step(shared: Row<S>, own: Row<K>, input: Input, out: Prediction): void;
  /** What `step` does for one after the other, bit for bit, of rows that are all different: kernels take them at once. */
  stepMany?(shared: Row<S>, owns: readonly Row<K>[], inputs: readonly Input[], outs: readonly Prediction[]): void;
}

/** What a checkpoint must agree with beside the layout; weights that keys share are those of certain horizons. */
export function versionOf({ name, version, weights, horizons }: Model): string {
  return `${name} ${version}${weights === 'shared' ? `, shared weights for ${horizons.join(', ')} ahead` : ''}`;
}

/** A prediction without an opinion, of the size that the model writes. */
export function predictionOf(
  model: Pick<Model, 'channels' | 'horizons' | 'gauges' | 'floored' | 'members' | 'levels'>,
): Prediction {
  const { channels, horizons, gauges, floored, members, levels } = model;
  const size = channels * horizons.length;
  const unknown = (count: number) => new Float64Array(count).fill(Number.NaN);
  return {
    surprise: 0,
    mean: unknown(size),
    spread: unknown(size),
    floor: floored && new Float64Array(channels).fill(Number.NEGATIVE_INFINITY),
    unfloored: floored && unknown(size),
    gauges: gauges === undefined ? undefined : new Float64Array(size * gauges),
    members: members && unknown(size * members.length),
    quantiles: levels && unknown(size * levels.length),
  };
}

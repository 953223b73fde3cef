import type { Layout, Row } from '../state/layout.js';

/** What a memory is told about one event. */
export interface Input {
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
  /**
   * Further signs of how far each forecast may miss, lengths in the units of the values (0: no sign), index
   * `(channel * horizons + horizon) * gauges + gauge`: what `interval` learns the width of its quantiles from.
   */
  readonly gauges?: Float64Array | undefined;
  /** Point forecasts of the parts of a mixture, index `member * channels * horizons + channel * horizons + horizon`. */
  readonly members?: Float64Array | undefined;
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
  /** Names of the parts of a mixture, in the order of `Prediction.members`. */
  readonly members?: readonly string[];
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
export function predictionOf(model: Pick<Model, 'channels' | 'horizons' | 'gauges' | 'members'>): Prediction {
  const { channels, horizons, gauges, members } = model;
  const size = channels * horizons.length;
  const unknown = (count: number) => new Float64Array(count).fill(Number.NaN);
  return {
    surprise: 0,
    mean: unknown(size),
    spread: unknown(size),
    gauges: gauges === undefined ? undefined : new Float64Array(size * gauges),
    members: members && unknown(size * members.length),
  };
}

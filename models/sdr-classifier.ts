import { f32, f64, type Row, u32 } from '../state/layout.js';
import { classDistribution } from './class-distribution.js';
import { kernels } from './kernels/index.js';

export interface ClassifierOptions {
  /** Rows of weights: features are numbers below this. */
  readonly rows: number;
  /** Features active at once, at most. */
  readonly activeMax: number;
  /** Rows ahead of each forecast. */
  readonly horizons: readonly number[];
  /** A multiple of 4. */
  readonly buckets: number;
  readonly rate: number;
  /** Whether distributions are told whole: then they are learned as such, and held to what they promise. */
  readonly whole?: boolean;
}

/**
 * Where distributions are told whole, steps begin so many times as long, and shrink with the rows that a feature has
 * been active in, to half after `pace` of them and at last to a share: one that is known is averaged over, so that of two
 * elements that come by chance after it both stay in sight, and what is new is still learned from the first.
 */
const firstSteps = 4;
const pace = 50;
const leastSteps = 0.05;

/** The SDR classifier of one channel: from active features the distribution over buckets of the value, for every horizon. */
export function sdrClassifier({ rows, activeMax, horizons, buckets, rate, whole = false }: ClassifierOptions) {
  const distribution = classDistribution(horizons);
  const far = horizons[horizons.length - 1];
  const line = activeMax + 1;
  const layout = {
    weight: f32(horizons.length * rows * buckets),
    /** Features of the last rows, each line with its length first. */
    features: u32((far + 1) * line),
    share: f64(buckets),
    error: f64(buckets),
    ...(whole ? { told: distribution.layout, seen: u32(horizons.length * rows) } : {}),
  };
  type Own = Row<typeof layout>;
  const toldOf = (own: Own) => own.told as unknown as Row<typeof distribution.layout>;
  const weights = (own: Own, h: number): number => own.weight.byteOffset + 4 * h * rows * buckets;
  /** The distribution over buckets that features of row t give the h-th horizon. */
  function read(own: Own, t: number, h: number): Float64Array {
    const at = (t % (far + 1)) * line;
    const features = own.features.byteOffset + 4 * (at + 1);
    kernels.classify(weights(own, h), features, own.features[at], own.share.byteOffset, buckets);
    return own.share;
  }
  return {
    layout,
    /** Learns that the value of row t fell between two buckets: `share` to the upper one. */
    learn(own: Own, t: number, bucket: number, share: number): void {
      for (let h = 0; h < horizons.length; h++) {
        if (whole) distribution.learn(toldOf(own), h, t, bucket + share);
        if (t < horizons[h]) continue;
        const at = ((t - horizons[h]) % (far + 1)) * line;
        const n = own.features[at];
        if (n === 0) continue;
        const features = own.features.byteOffset + 4 * (at + 1);
        kernels.classify(weights(own, h), features, n, own.share.byteOffset, buckets);
        for (let b = 0; b < buckets; b++) own.error[b] = -own.share[b];
        own.error[bucket] += 1 - share;
        if (share > 0) own.error[bucket + 1] += share;
        const seen = whole ? (own.seen as unknown as Uint32Array).byteOffset + 4 * h * rows : 0;
        const step = whole ? firstSteps * rate : rate;
        const error = own.error.byteOffset;
        kernels.classifierLearn(weights(own, h), features, n, error, buckets, step, seen, pace, leastSteps);
      }
    },
    /** Keeps the features of row t. */
    keep(own: Own, t: number, features: ArrayLike<number>, n: number): void {
      const at = (t % (far + 1)) * line;
      own.features[at] = Math.min(n, activeMax);
      for (let i = 0; i < Math.min(n, activeMax); i++) own.features[at + 1 + i] = features[i];
    },
    read,
    /** Writes the quantiles of the distribution that was read last, of the h-th horizon at row t, in buckets. */
    quantiles: (own: Own, t: number, h: number, out: Float64Array, to: number): void =>
      distribution.quantiles(toldOf(own), h, t, own.share, out, to),
    /** Buckets have moved: what lay at x lies at `factor` x + `shift`. */
    move: (own: Own, factor: number, shift: number): void => distribution.move(toldOf(own), factor, shift),
    /** −log of the density, in buckets, that row t had under what was said of it at the shortest horizon; before it is learned. */
    surprise: (own: Own, t: number, place: number): number =>
      distribution.surprise(toldOf(own), 0, read(own, t - horizons[0], 0), place),
  };
}

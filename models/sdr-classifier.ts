import { f32, f64, type Row, u32 } from '../state/layout.js';
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
}

/** The SDR classifier of one channel: from active features the distribution over buckets of the value, for every horizon. */
export function sdrClassifier({ rows, activeMax, horizons, buckets, rate }: ClassifierOptions) {
  const far = horizons[horizons.length - 1];
  const line = activeMax + 1;
  const layout = {
    weight: f32(horizons.length * rows * buckets),
    /** Features of the last rows, each line with its length first. */
    features: u32((far + 1) * line),
    share: f64(buckets),
    error: f64(buckets),
  };
  type Own = Row<typeof layout>;
  const weights = (own: Own, h: number): number => own.weight.byteOffset + 4 * h * rows * buckets;
  return {
    layout,
    /** Learns that the value of row t fell between two buckets: `share` to the upper one. */
    learn(own: Own, t: number, bucket: number, share: number): void {
      for (let h = 0; h < horizons.length; h++) {
        if (t < horizons[h]) continue;
        const at = ((t - horizons[h]) % (far + 1)) * line;
        const n = own.features[at];
        if (n === 0) continue;
        const features = own.features.byteOffset + 4 * (at + 1);
        kernels.classify(weights(own, h), features, n, own.share.byteOffset, buckets);
        for (let b = 0; b < buckets; b++) own.error[b] = -own.share[b];
        own.error[bucket] += 1 - share;
        if (share > 0) own.error[bucket + 1] += share;
        kernels.classifierLearn(weights(own, h), features, n, own.error.byteOffset, buckets, rate);
      }
    },
    /** Keeps the features of row t. */
    keep(own: Own, t: number, features: ArrayLike<number>, n: number): void {
      const at = (t % (far + 1)) * line;
      own.features[at] = Math.min(n, activeMax);
      for (let i = 0; i < Math.min(n, activeMax); i++) own.features[at + 1 + i] = features[i];
    },
    /** The distribution over buckets of the h-th horizon, seen from row t. */
    read(own: Own, t: number, h: number): Float64Array {
      const at = (t % (far + 1)) * line;
      const features = own.features.byteOffset + 4 * (at + 1);
      kernels.classify(weights(own, h), features, own.features[at], own.share.byteOffset, buckets);
      return own.share;
    },
  };
}

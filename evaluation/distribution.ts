/** The share of probability at or below a value. */
export type Cdf = (x: number) => number;

/** What one predictive distribution is known by: ascending levels with their quantiles, or the whole function. */
export interface Distribution {
  readonly levels: readonly number[];
  readonly quantiles: ArrayLike<number>;
  readonly cdf?: Cdf | undefined;
}

/**
 * The distribution function through ascending quantiles: straight between them, exponential beyond the outermost with
 * the density of their last stretch. As exact as the levels are dense.
 */
export function cdfThrough(levels: readonly number[], quantiles: ArrayLike<number>): Cdf {
  const last = levels.length - 1;
  const below = levels[0];
  const above = 1 - levels[last];
  const left = (below * (quantiles[1] - quantiles[0])) / (levels[1] - levels[0]);
  const right = (above * (quantiles[last] - quantiles[last - 1])) / (levels[last] - levels[last - 1]);
  return (x) => {
    if (x < quantiles[0]) return left > 0 ? below * Math.exp((x - quantiles[0]) / left) : 0;
    if (x >= quantiles[last]) return right > 0 ? 1 - above * Math.exp((quantiles[last] - x) / right) : 1;
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (quantiles[middle] <= x) low = middle;
      else high = middle;
    }
    const share = (x - quantiles[low]) / (quantiles[high] - quantiles[low]);
    return levels[low] + share * (levels[high] - levels[low]);
  };
}

/** Loss of one quantile; its mean over all levels is half the CRPS. */
export function pinball(level: number, quantile: number, truth: number): number {
  return truth >= quantile ? level * (truth - quantile) : (1 - level) * (quantile - truth);
}

/** Each level stands for the levels nearer to it than to its neighbours; the outermost reach to 0 and 1. */
export function levelWeights(levels: readonly number[]): number[] {
  const edges = levels.map((level, at) => (at === 0 ? 0 : (levels[at - 1] + level) / 2));
  return levels.map((_, at) => (edges[at + 1] ?? 1) - edges[at]);
}

/** Continuous ranked probability score from quantiles: twice the pinball loss, integrated over the levels. */
export function crpsOf({ levels, quantiles }: Distribution, truth: number, weights = levelWeights(levels)): number {
  let sum = 0;
  for (let at = 0; at < levels.length; at++) sum += weights[at] * pinball(levels[at], quantiles[at], truth);
  return 2 * sum;
}

/** Central intervals whose realised coverage is told, in percent. */
export const coverageLevels = [80, 90, 98] as const;

/** Coverage of central intervals and CRPS, summed as they come. */
export class DistributionScore {
  #count = 0;
  #crps = 0;
  readonly #inside = coverageLevels.map(() => 0);
  #weights: { levels: readonly number[]; weights: number[] } | undefined;

  add(distribution: Distribution, truth: number): void {
    if (Number.isNaN(truth)) return;
    const { levels } = distribution;
    if (this.#weights?.levels !== levels) this.#weights = { levels, weights: levelWeights(levels) };
    const crps = crpsOf(distribution, truth, this.#weights.weights);
    if (Number.isNaN(crps)) throw new Error('expected quantiles for a row that is scored, came NaN: see interval');
    this.#count++;
    this.#crps += crps;
    coverageLevels.forEach((percent, at) => {
      if (covers(distribution, percent, truth)) this.#inside[at]++;
    });
  }

  get metrics(): Record<string, number> {
    if (this.#count === 0) return {};
    const coverage = coverageLevels.map((percent, at) => [`coverage_${percent}`, this.#inside[at] / this.#count]);
    return { crps: this.#crps / this.#count, ...Object.fromEntries(coverage) };
  }
}

/** By the quantiles where the ends of the interval are among the levels, else by the distribution function. */
function covers({ levels, quantiles, cdf }: Distribution, percent: number, truth: number): boolean {
  const tail = (100 - percent) / 200;
  const low = levels.findIndex((level) => Math.abs(level - tail) < 1e-9);
  const high = levels.findIndex((level) => Math.abs(level - (1 - tail)) < 1e-9);
  if (low >= 0 && high >= 0) return truth >= quantiles[low] && truth <= quantiles[high];
  if (!cdf) throw new Error(`expected quantiles at ${tail} and ${1 - tail} or a distribution function, came neither`);
  const share = cdf(truth);
  return share >= tail && share <= 1 - tail;
}

/** Buckets of equal width around multiples of `width`; what lies beyond the ends falls into the outermost. */
export interface Buckets {
  readonly width: number;
  readonly count: number;
  /** Smallest probability a bucket is counted with. */
  readonly floor: number;
}

/** −ln of the probability that the bucket of the truth was given, in nats. */
export function bucketNll(cdf: Cdf, truth: number, { width, count, floor }: Buckets): number {
  const bucket = Math.max(0, Math.min(count - 1, Math.floor((truth + width / 2) / width)));
  const below = bucket === 0 ? 0 : cdf((bucket - 0.5) * width);
  const upTo = bucket === count - 1 ? 1 : cdf((bucket + 0.5) * width);
  return -Math.log(Math.max(upTo - below, floor));
}

import { f32, f64, i32, type Row } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions } from './model.js';
import { slotOf, valueAt } from './series.js';
import { type Part, univariate } from './univariate.js';

export interface NeighbourOptions extends MemoryOptions {
  /** Length of the windows that are compared. */
  readonly width: number;
  /** Rows searched, a power of two: the length of the ring. */
  readonly capacity: number;
}

/** Windows found by plain distance, and of them those that are kept by weighted distance. */
const candidates = 40;
const kept = 10;
/** Fewer neighbours than this are no opinion. */
const fewest = 3;
/** Distances summed anew at every event, against rounding. */
const refreshed = 8;

/**
 * The nearest past windows of a ring of numbers: which they are, what they weigh, how far they lie. The plain distance finds
 * candidates, a distance that weighs the newest rows up to five times as much chooses among them; weights are
 * exp(-D/mean D). (Memory Mosaics.)
 */
export function neighbours({ horizons, width, capacity }: NeighbourOptions) {
  const far = horizons[horizons.length - 1];
  const lagsMax = capacity - width - 2;
  const layout = {
    /** Running squared distance of the newest window to that of each lag. */
    distance: f32(capacity),
    recency: f64(width),
    lag: i32(candidates),
    near: f64(candidates),
    weight: f64(kept),
    /** Candidates in the list. */
    listed: i32(),
    /** Neighbours found, 0 while there are too few, and 1 + the first row that counts. */
    found: i32(),
    begun: f64(),
    /** Root mean square difference to the neighbours: how new this window is. */
    novelty: f64(),
  };
  type Own = Row<typeof layout>;
  return {
    layout,
    start(own: Own): void {
      let power = 4;
      for (let j = 0; j < width; j++) {
        own.recency[j] = 1 + power;
        power *= 0.8;
      }
    },
    /** Takes in row t of the ring, whose rows count from `first` on. */
    step(own: Own, ring: Float64Array, t: number, first: number): void {
      const { distance, lag, near, weight } = own;
      const d = distance.byteOffset;
      const y = ring.byteOffset;
      const slot = slotOf(ring, t);
      const lags = Math.max(0, Math.min(t - first, lagsMax));
      const whole = Math.max(0, Math.min(t - first - width + 1, lagsMax));
      if (own.begun[0] !== first + 1) {
        // A ring that was there before: every distance from its terms, those of the first rows from fewer.
        own.begun[0] = first + 1;
        kernels.nearestRefresh(d, y, slot, capacity, width, 1, whole);
        for (let l = whole + 1; l <= lags; l++) {
          kernels.nearestRefresh(d, y, slot, capacity, Math.min(width, t - first - l + 1), l, 1);
        }
      } else {
        const both = Math.max(0, Math.min(t - first - width, lagsMax));
        kernels.nearestUpdate(d, y, slot, capacity, width, lags, both);
        const from = 1 + refreshed * (t % Math.floor(lagsMax / refreshed));
        if (from + refreshed <= whole) kernels.nearestRefresh(d, y, slot, capacity, width, from, refreshed);
      }
      // What followed must be known for every horizon.
      const found = kernels.nearestFind(d, lag.byteOffset, near.byteOffset, far, whole, candidates, own.listed[0]);
      own.listed[0] = found;
      kernels.nearestRank(y, own.recency.byteOffset, lag.byteOffset, near.byteOffset, slot, capacity, width, found);
      const count = Math.min(found, kept);
      own.found[0] = count < fewest ? 0 : count;
      let mean = 0;
      for (let q = 0; q < count; q++) mean += near[q] / count;
      let sum = 0;
      for (let q = 0; q < count; q++) {
        weight[q] = mean > 0 ? kernels.exp(-near[q] / mean) : 1;
        sum += weight[q];
      }
      for (let q = 0; q < count; q++) weight[q] /= sum;
      own.novelty[0] = Math.sqrt(mean / width);
    },
    /** What stood in a ring `ahead` rows after the neighbours, on average. */
    read(own: Own, ring: Float64Array | Float32Array, t: number, ahead: number): number {
      let sum = 0;
      for (let q = 0; q < own.found[0]; q++) sum += own.weight[q] * ring[slotOf(ring, t - own.lag[q] + ahead)];
      return sum;
    },
  };
}

/** The neighbours of the raw series: what followed them, and the same moved half-way to the present level. */
export function pastWindows(options: NeighbourOptions) {
  const { horizons } = options;
  const near = neighbours(options);
  return {
    layout: near.layout,
    outputs: 2,
    seasonal: false,
    start: (own) => near.start(own),
    step(own, series, t, out, at, stride) {
      near.step(own, series.value, t, 0);
      const now = valueAt(series, t);
      const then = own.found[0] > 0 ? near.read(own, series.value, t, 0) : now;
      // Counts go up and down by a share, other numbers by an amount.
      const counts = series.low[0] >= 0 && then > 0;
      const share = counts ? Math.sqrt(Math.max(0.25, Math.min(4, now / then))) : 1;
      const shift = counts ? 0 : 0.5 * (now - then);
      for (let i = 0; i < horizons.length; i++) {
        const follow = own.found[0] > 0 ? near.read(own, series.value, t, horizons[i]) : now;
        out[at + i] = follow * share + shift;
        out[at + stride + i] = follow;
      }
    },
  } satisfies Part<typeof near.layout>;
}

/** Rows that the memory searches. */
const capacity = 16_384;

/**
 * Nearest-neighbour memory: what followed the ten windows of the past that are most like now, moved half-way to the present
 * level. Learns a pattern from one showing and forgets nothing within its ring; knows no trend. Cost: 17 us per event, 214 kB.
 */
export function knn(options: MemoryOptions) {
  return univariate('knn', 1, options, capacity, pastWindows({ ...options, width: 48, capacity }));
}

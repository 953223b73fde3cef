import type { Event } from '../event.js';
import { isValue } from '../models/series.js';
import type { KeyLimit } from '../state/keys.js';
import { f64, type Row, u32 } from '../state/layout.js';
import { checkNames, checkNumber } from './options.js';
import { extended, keyed, type Shard, type Stage } from './stage.js';

export interface NormalizeOptions {
  /** Rows over which the running deviation forgets; default 512. */
  readonly memoryRows?: number;
  readonly keys?: KeyLimit;
}

/** An event with the size of its channels' movements. */
export interface Normalized extends Event {
  /** Per channel a power of two near the running deviation; rows share one array while it stays the same. */
  readonly scale: Float64Array;
}

/** Values that a channel is learnt from before its deviation is tracked value by value. */
const warmRows = 32;
/** From so many values on their deviation is believed; before, the scale is a guess from the level. */
const trustRows = 8;
/** Deviations count at most this many times the running one, so that one spike moves it by a few percent. */
const clip = 16;
/** Deviations below this share of the running one are rest and do not count: sparse series keep their scale. */
const rest = 1 / 8;
/** So many clipped values in a row are no spike, and so many at rest no pause: the channel is learnt anew. */
const clippedRows = 16;
const restingRows = 512;
/** The least scale, as a share of the level. */
const least = 1 / 1_048_576;
/** The scale of a channel that has always been 0. */
const leastScale = 1e-300;
/** Standard deviation of a normal distribution by its mean, and by its median, absolute deviation. */
const perMean = 1.2533141373155;
const perMedian = 1.4826022185056;

/** A channel's numbers lie at its index in each of these fields. */
function layoutOf(channels: number) {
  return {
    scale: f64(channels),
    level: f64(channels),
    deviation: f64(channels),
    /** Values learnt from since the channel was learnt anew, at most `warmRows`. */
    count: u32(channels),
    /** Values clipped, and values at rest, in a row. */
    clipped: u32(channels),
    resting: u32(channels),
    warm: f64(channels * warmRows),
  };
}
type Own = Row<ReturnType<typeof layoutOf>>;

/**
 * Finds out per key and channel how far values move, as a power of two that changes only when the running deviation
 * has left the band of half to twice of it. The values themselves are passed on unchanged; NaN teaches nothing, nor does
 * a number so large that memories take it for missing.
 */
export function normalize<A extends Event>(options: NormalizeOptions = {}): Stage<A, A & Normalized> {
  const { memoryRows = 512, keys } = options;
  checkNames('normalize', options, ['memoryRows', 'keys']);
  checkNumber('normalize.memoryRows', memoryRows, { min: warmRows, max: 1e9 });
  const rate = 1 / memoryRows;
  return keyed('normalize', { memoryRows, keys }, ({ channels }: Shard) => {
    const layout = layoutOf(channels.length);
    // A copy of what the state says, kept only to hand out the same array again.
    const given = new WeakMap<Own, Float64Array>();
    return {
      id: 'normalize',
      version: '1',
      keys,
      shared: {},
      layout,
      initKey: (_, own) => void own.scale.fill(1),
      step(_, own, row: A, out) {
        for (let c = 0; c < channels.length; c++) {
          if (isValue(row.values[c] as number)) learn(own, c, row.values[c] as number, rate);
        }
        let scale = given.get(own);
        if (!scale?.every((value, c) => value === own.scale[c])) {
          scale = own.scale.slice();
          given.set(own, scale);
        }
        out.emit(extended(row, { scale }));
      },
    };
  });
}

function learn(own: Own, c: number, value: number, rate: number): void {
  const first = own.count[c] === 0;
  if (own.count[c] < warmRows) warmUp(own, c, value);
  else track(own, c, value, rate);
  if (own.count[c] >= trustRows) {
    const floor = Math.max(Math.abs(own.level[c]) * least, leastScale);
    own.scale[c] = near(Math.max(own.deviation[c], floor), own.scale[c]);
  } else if (first) {
    // The first value of a key: nothing is known but its size.
    own.scale[c] = near(Math.abs(value) / 8 || 1, 1);
  }
}

/** The first values are kept, and their median and median deviation taken: a spike among them does no harm. */
function warmUp(own: Own, c: number, value: number): void {
  own.warm[c * warmRows + own.count[c]++] = value;
  const sorted = own.warm.slice(c * warmRows, c * warmRows + own.count[c]).sort();
  const middle = sorted[sorted.length >> 1] as number;
  const apart = sorted.map((v) => Math.abs(v - middle)).sort();
  own.level[c] = middle;
  own.deviation[c] = perMedian * typical(apart);
}

/** The median of ascending deviations, or where more than half are zero the median of those that are not. */
function typical(apart: Float64Array): number {
  const zeros = apart.findIndex((v) => v > 0);
  if (zeros < 0) return 0;
  return (apart[apart.length >> 1] || apart[zeros + ((apart.length - zeros) >> 1)]) as number;
}

function track(own: Own, c: number, value: number, rate: number): void {
  const error = value - own.level[c];
  const deviation = own.deviation[c];
  const size = Math.abs(error);
  own.clipped[c] = size > clip * deviation ? own.clipped[c] + 1 : 0;
  own.resting[c] = size <= rest * deviation ? own.resting[c] + 1 : 0;
  if (own.clipped[c] >= clippedRows || own.resting[c] >= restingRows) {
    own.count[c] = own.clipped[c] = own.resting[c] = 0;
    warmUp(own, c, value);
    return;
  }
  own.level[c] += rate * Math.max(-deviation, Math.min(deviation, error));
  if (own.resting[c] === 0) own.deviation[c] += rate * (perMean * Math.min(size, clip * deviation) - deviation);
}

/** `scale` while it is within half to twice of `deviation`, else the power of two nearest to that. */
function near(deviation: number, scale: number): number {
  if (deviation <= 2 * scale && deviation >= scale / 2) return scale;
  let power = scale;
  while (deviation > power * Math.SQRT2) power *= 2;
  while (deviation < power * Math.SQRT1_2) power /= 2;
  return power;
}

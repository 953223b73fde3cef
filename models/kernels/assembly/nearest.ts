// Nearest past windows of a series, one number a row. The ring y of `capacity` numbers is written downwards, the newest at
// slot s: the value `lag` rows ago stands at (s + lag) mod capacity, so lags run upwards through memory and the squared
// distance of the last `width` values to those `lag` rows earlier,
//   D_lag(t) = sum over j < width of (y_t-j - y_t-j-lag)^2 = D_lag(t-1) + (y_t - y_t-lag)^2 - (y_t-width - y_t-width-lag)^2,
// is a running sum that stays in its cell: D_lag at cell lag - 1. (Along one diagonal of the matrix profile, Yeh
// et al., Matrix Profile I.) D is f32: it only chooses candidates, which `nearestRank` then measures exactly. A running sum
// keeps the rounding of all that went through it: a cell that loses nearly all of itself at once is summed anew on the
// spot, and `nearestRefresh` lets the caller go round the others. Values must lie within +-1e18, where squares still fit.

/** A cell that keeps less than this share of itself is summed anew: 2^-10 leaves it 14 good bits. */
const shrinkMin: f32 = 0.0009765625;

/**
 * Takes the newest value, already at slot s, into D for the lags 1 .. lags. The first `both` of them lose their oldest
 * term; for the others the window is still filling. The ring must hold lags + width + 1 values.
 */
export function nearestUpdate(d: usize, y: usize, s: i32, capacity: i32, width: i32, lags: i32, both: i32): void {
  const now = load<f64>(y + bytes(s));
  const old = load<f64>(y + bytes(wrap(s + width, capacity)));
  const now2 = f64x2.splat(now);
  const old2 = f64x2.splat(old);
  const shrink = f32x4.splat(shrinkMin);
  let at = wrap(s + 1, capacity); // of y_t-lag
  let back = wrap(s + width + 1, capacity); // of y_t-width-lag
  let lag = 0; // cells done
  while (lag < both) {
    const run = min(both - lag, min(capacity - at, capacity - back));
    let a = y + bytes(at);
    let b = y + bytes(back);
    let c = d + ((<usize>lag) << 2);
    let i = 0;
    for (; i + 4 <= run; i += 4) {
      const low = f32x4.demote_f64x2_zero(change(a, b, now2, old2));
      const high = f32x4.demote_f64x2_zero(change(a + 16, b + 16, now2, old2));
      const before = v128.load(c);
      const after = f32x4.add(before, v128.shuffle<f32>(low, high, 0, 1, 4, 5));
      v128.store(c, after);
      if (v128.any_true(f32x4.lt(after, f32x4.mul(before, shrink)))) {
        nearestRefresh(d, y, s, capacity, width, lag + i + 1, 4);
      }
      a += 32;
      b += 32;
      c += 16;
    }
    for (; i < run; i++) {
      const gain = now - load<f64>(a);
      const loss = old - load<f64>(b);
      const before = load<f32>(c);
      const after = before + <f32>(gain * gain - loss * loss);
      store<f32>(c, after);
      if (after < before * shrinkMin) nearestRefresh(d, y, s, capacity, width, lag + i + 1, 1);
      a += 8;
      b += 8;
      c += 4;
    }
    lag += run;
    at = wrap(at + run, capacity);
    back = wrap(back + run, capacity);
  }
  for (; lag < lags; lag++) {
    const gain = now - load<f64>(y + bytes(at));
    const c = d + ((<usize>lag) << 2);
    store<f32>(c, load<f32>(c) + <f32>(gain * gain));
    at = wrap(at + 1, capacity);
  }
}

/** By how much two cells change: the newest term less the oldest. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function change(a: usize, b: usize, now: v128, old: v128): v128 {
  const gain = f64x2.sub(now, v128.load(a));
  const loss = f64x2.sub(old, v128.load(b));
  return f64x2.sub(f64x2.mul(gain, gain), f64x2.mul(loss, loss));
}

/** D of `count` lags from `first` on, each from its `width` terms, in f64 by pairs, newest first; width is even. */
export function nearestRefresh(d: usize, y: usize, s: i32, capacity: i32, width: i32, first: i32, count: i32): void {
  for (let lag = first; lag < first + count; lag++) {
    let terms = f64x2.splat(0);
    for (let j = 0; j < width; j += 2) {
      const gap = f64x2.sub(pair(y, s + j, capacity), pair(y, s + j + lag, capacity));
      terms = f64x2.add(terms, f64x2.mul(gap, gap));
    }
    store<f32>(d + ((<usize>(lag - 1)) << 2), <f32>(f64x2.extract_lane(terms, 0) + f64x2.extract_lane(terms, 1)));
  }
}

/**
 * The k lags of first .. last with the smallest D, nearest first and the smaller lag first among equals: lags as i32,
 * distances as f64. Returns how many there are. Where `lags` holds the k lags of the event before, they bound the search:
 * a window that was near one event ago is hardly far now. Rounding may leave D a hair below zero; it is given as zero.
 */
export function nearestFind(d: usize, lags: usize, distances: usize, first: i32, last: i32, k: i32, known: i32): i32 {
  let bound: f32 = known == k ? farthest(d, lags, first, last, k) : Infinity;
  let found = 0;
  let lag = first;
  while (lag <= last) {
    lag = skip(d, lag, last, bound);
    for (let end = min(lag + 16, last + 1); lag < end; lag++) {
      const near = load<f32>(d + ((<usize>(lag - 1)) << 2));
      if (found < k ? near <= bound : near < bound) {
        insert(lags, distances, found < k ? found++ : k - 1, lag, near);
        if (found == k) bound = <f32>load<f64>(distances + bytes(k - 1));
      }
    }
  }
  return found;
}

/** The largest D of the listed lags; infinity where one of them may not be chosen. */
function farthest(d: usize, lags: usize, first: i32, last: i32, k: i32): f32 {
  let bound: f32 = 0;
  for (let i = 0; i < k; i++) {
    const lag = load<i32>(lags + ((<usize>i) << 2));
    if (lag < first || lag > last) return Infinity;
    bound = max(bound, load<f32>(d + ((<usize>(lag - 1)) << 2)));
  }
  return bound;
}

/** Passes over blocks of sixteen distances, from `lag` on, of which none is within the bound. */
function skip(d: usize, lag: i32, last: i32, bound: f32): i32 {
  const limit = f32x4.splat(bound);
  for (let at = d + ((<usize>(lag - 1)) << 2); lag + 15 <= last; lag += 16, at += 64) {
    const a = f32x4.pmin(v128.load(at), v128.load(at, 16));
    const b = f32x4.pmin(v128.load(at, 32), v128.load(at, 48));
    if (v128.any_true(f32x4.le(f32x4.pmin(a, b), limit))) break;
  }
  return lag;
}

/**
 * Measures the first `count` of the listed lags anew in f64 with weights and sorts them, nearest first; width is even:
 *   D_lag = sum over j < width of weight_j (y_t-j - y_t-j-lag)^2
 */
export function nearestRank(
  y: usize,
  weight: usize,
  lags: usize,
  distances: usize,
  s: i32,
  capacity: i32,
  width: i32,
  count: i32,
): void {
  for (let c = 0; c < count; c++) {
    const lag = load<i32>(lags + ((<usize>c) << 2));
    let terms = f64x2.splat(0);
    for (let j = 0; j < width; j += 2) {
      const gap = f64x2.sub(pair(y, s + j, capacity), pair(y, s + j + lag, capacity));
      terms = f64x2.add(terms, f64x2.mul(f64x2.mul(v128.load(weight + bytes(j)), gap), gap));
    }
    insert(lags, distances, c, lag, f64x2.extract_lane(terms, 0) + f64x2.extract_lane(terms, 1));
  }
}

/** Puts a distance into the sorted list whose place `last` is free or holds the worst. */
function insert(lags: usize, distances: usize, last: i32, lag: i32, distance: f64): void {
  const value = max(distance, 0);
  let i = last;
  for (; i > 0 && load<f64>(distances + bytes(i - 1)) > value; i--) {
    store<f64>(distances + bytes(i), load<f64>(distances + bytes(i - 1)));
    store<i32>(lags + ((<usize>i) << 2), load<i32>(lags + ((<usize>(i - 1)) << 2)));
  }
  store<f64>(distances + bytes(i), value);
  store<i32>(lags + ((<usize>i) << 2), lag);
}

/** Two neighbouring cells of a ring; the slot may be one turn past the end. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function pair(y: usize, slot: i32, capacity: i32): v128 {
  const at = wrap(slot, capacity);
  return at + 1 < capacity
    ? v128.load(y + bytes(at))
    : f64x2.replace_lane(v128.load64_zero(y + bytes(at)), 1, load<f64>(y));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function bytes(cells: i32): usize {
  return (<usize>cells) << 3;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function wrap(slot: i32, capacity: i32): i32 {
  return slot >= capacity ? slot - capacity : slot;
}

// Recursive least squares. P, the inverse information of n features (n even), is symmetric and packed: row i holds the
// columns 0 .. i|1, so it starts at cell 2m(m+1) + (i&1)(2m+2) with m = i>>1, and P takes n(n+2)/2 cells. The 2x2 blocks
// on the diagonal are whole; their upper cell is a copy of the lower one, so P stays symmetric to the last bit.
//
// Haykin, Adaptive Filter Theory (RLS); the leak is exponential resetting (Salgado, Goodwin and Middleton, Modified least
// squares algorithm incorporating exponential resetting and forgetting) one direction at a time.
// Known weakness: a single huge x makes P sure of its direction for 1/(1 - lambda) events; callers clip features.

/** More features than this do not fit the scratch row. */
const featuresMax = 1024;
const column = memory.data(featuresMax * 8, 16);

/** Zeros P, then P_ii <- variance for the first `used` of n features; the others stay out of everything for good. */
export function rlsInit(p: usize, n: i32, used: i32, variance: f64): void {
  memory.fill(p, 0, (<usize>(n * (n + 2))) << 2);
  for (let i = 0; i < used; i++) store<f64>(p + rowAt(i) + ((<usize>i) << 3), variance);
}

/** z <- P x; returns x'z. */
export function rlsSpread(p: usize, x: usize, z: usize, n: i32): f64 {
  let at = p; // row i, then row i+1 right behind it
  for (let i = 0; i < n; i += 2) {
    const width: usize = (<usize>(i + 2)) << 3;
    const below = at + width;
    const own = v128.load(x + ((<usize>i) << 3));
    const own0 = f64x2.splat(f64x2.extract_lane(own, 0));
    const own1 = f64x2.splat(f64x2.extract_lane(own, 1));
    let sum0 = f64x2.splat(0);
    let sum1 = f64x2.splat(0);
    const end: usize = (<usize>i) << 3;
    for (let j: usize = 0; j < end; j += 16) {
      // z_i, z_i+1 gather from the left of the diagonal; z_j, z_j+1 get the same cells mirrored.
      const a = v128.load(at + j);
      const b = v128.load(below + j);
      const v = v128.load(x + j);
      sum0 = f64x2.add(sum0, f64x2.mul(a, v));
      sum1 = f64x2.add(sum1, f64x2.mul(b, v));
      v128.store(z + j, f64x2.add(f64x2.add(v128.load(z + j), f64x2.mul(a, own0)), f64x2.mul(b, own1)));
    }
    sum0 = f64x2.add(sum0, f64x2.mul(v128.load(at + end), own));
    sum1 = f64x2.add(sum1, f64x2.mul(v128.load(below + end), own));
    store<f64>(z + end, f64x2.extract_lane(sum0, 0) + f64x2.extract_lane(sum0, 1));
    store<f64>(z + end, f64x2.extract_lane(sum1, 0) + f64x2.extract_lane(sum1, 1), 8);
    at = below + width;
  }
  let r: f64 = 0;
  for (let i: usize = 0, end: usize = (<usize>n) << 3; i < end; i += 8) r += load<f64>(x + i) * load<f64>(z + i);
  return r;
}

/**
 * One event with features x and weight w (0 < w <= 1, Huber's; 1 where errors are clipped instead):
 *   z = P x, r = x'z, k = w z/(lambda + w r), P <- (P - k z')/lambda            writes k, returns r
 * and the rotating leak, one feature j an event: where P_jj has grown above `cap`, information is added to feature j until
 * it is `cap` again, which leaves the weights as they are and bounds P:
 *   q = P[:,j], P <- P - q q' (1 - cap/q_j)/q_j
 */
export function rlsObserve(p: usize, x: usize, k: usize, n: i32, lambda: f64, w: f64, j: i32, cap: f64): f64 {
  const spread = rlsSpread(p, x, k, n);
  if (!(spread > -1e-6 && spread < 1e200)) {
    // Rounding has spoiled P, which a spread below zero shows: it starts again, and this event teaches nothing.
    begin(p, n, cap);
    memory.fill(k, 0, (<usize>n) << 3);
    return spread;
  }
  const r = max(spread, 0);
  const inverse = 1 / lambda;
  const g = w / (lambda + w * r);
  const a = g * inverse;
  const share = a * load<f64>(k + ((<usize>j) << 3));
  const peak = load<f64>(cellAt(p, j, j)) * inverse - share * load<f64>(k + ((<usize>j) << 3));
  if (peak > cap) {
    // q is the column of the matrix to be, so that both corrections are one pass over P.
    for (let i = 0; i < n; i++) {
      const z = load<f64>(k + ((<usize>i) << 3));
      store<f64>(column + ((<usize>i) << 3), load<f64>(cellAt(p, i, j)) * inverse - share * z);
    }
    rankTwo(p, k, n, inverse, a, (1 - cap / peak) / peak);
  } else rankOne(p, k, n, inverse, a);
  for (let i: usize = 0, end: usize = (<usize>n) << 3; i < end; i += 8) store<f64>(k + i, load<f64>(k + i) * g);
  return r;
}

/** P <- variance on the diagonal, but for the features that were never used. */
function begin(p: usize, n: i32, variance: f64): void {
  for (let i = 0; i < n; i++) {
    const used = load<f64>(cellAt(p, i, i)) != 0;
    memory.fill(p + rowAt(i), 0, (<usize>((i | 1) + 1)) << 3);
    if (used) store<f64>(cellAt(p, i, i), variance);
  }
}

/** P <- P/lambda - a z z' */
function rankOne(p: usize, z: usize, n: i32, inverse: f64, a: f64): void {
  const grow = f64x2.splat(inverse);
  let at = p;
  for (let i = 0; i < n; i += 2) {
    const end: usize = (<usize>(i + 2)) << 3;
    const a0 = f64x2.splat(a * load<f64>(z + end - 16));
    const a1 = f64x2.splat(a * load<f64>(z + end - 8));
    const below = at + end;
    for (let j: usize = 0; j < end; j += 16) {
      const v = v128.load(z + j);
      v128.store(at + j, f64x2.sub(f64x2.mul(v128.load(at + j), grow), f64x2.mul(a0, v)));
      v128.store(below + j, f64x2.sub(f64x2.mul(v128.load(below + j), grow), f64x2.mul(a1, v)));
    }
    store<f64>(below - 8, load<f64>(below + end - 16));
    at = below + end;
  }
}

/** P <- P/lambda - a z z' - b q q' */
function rankTwo(p: usize, z: usize, n: i32, inverse: f64, a: f64, b: f64): void {
  const grow = f64x2.splat(inverse);
  const q = column;
  let at = p;
  for (let i = 0; i < n; i += 2) {
    const end: usize = (<usize>(i + 2)) << 3;
    const a0 = f64x2.splat(a * load<f64>(z + end - 16));
    const a1 = f64x2.splat(a * load<f64>(z + end - 8));
    const b0 = f64x2.splat(b * load<f64>(q + end - 16));
    const b1 = f64x2.splat(b * load<f64>(q + end - 8));
    const below = at + end;
    for (let j: usize = 0; j < end; j += 16) {
      const v = v128.load(z + j);
      const u = v128.load(q + j);
      const upper = f64x2.sub(f64x2.mul(v128.load(at + j), grow), f64x2.mul(a0, v));
      v128.store(at + j, f64x2.sub(upper, f64x2.mul(b0, u)));
      const lower = f64x2.sub(f64x2.mul(v128.load(below + j), grow), f64x2.mul(a1, v));
      v128.store(below + j, f64x2.sub(lower, f64x2.mul(b1, u)));
    }
    store<f64>(below - 8, load<f64>(below + end - 16));
    at = below + end;
  }
}

/** Address of the cell of row i and column j, wherever it is kept. */
function cellAt(p: usize, i: i32, j: i32): usize {
  return i >= j ? p + rowAt(i) + ((<usize>j) << 3) : p + rowAt(j) + ((<usize>i) << 3);
}

/** Bytes before row i of a packed matrix. */
function rowAt(i: i32): usize {
  const m = i >> 1;
  return (<usize>(2 * m * (m + 1) + (i & 1) * (2 * m + 2))) << 3;
}

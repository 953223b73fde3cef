import { lanes } from './vector';

// Truncated backpropagation through an LSTM, whose equations and layouts stand in lstm.ts.

/** More units than this do not fit the scratch rows. */
const unitsMax = 1024;
const slopeH = memory.data(unitsMax * 4, 16);
const slopeC = memory.data(unitsMax * 4, 16);
/** Four partial sums for each slope in h. */
const parts = memory.data(unitsMax * 16, 16);

/**
 * Backwards through the last `steps` slots of the ring, whose newest is slot `newest` of `slots`:
 *   da = [di df dg do] into delta[d/4][steps][gate][4], newest first, from the slopes blame[lines][d] of the loss in h
 *   do = dh tanh(c) o(1-o);  dc += dh o (1-tanh^2 c);  di = dc g i(1-i);  df = dc c- f(1-f);  dg = dc i (1-g^2)
 *   dh <- W_h' da + blame of that step;  dc <- dc f
 */
export function lstmBack(
  w: usize,
  ring: usize,
  blame: usize,
  delta: usize,
  newest: i32,
  steps: i32,
  slots: i32,
  lines: i32,
  m: i32,
  d: i32,
): void {
  const n = m + d;
  const width: usize = (<usize>d) << 2;
  const stride = ((<usize>n) << 2) + 6 * width;
  const step: usize = (<usize>steps) << 6;
  memory.fill(slopeH, 0, width);
  memory.fill(slopeC, 0, width);
  let slot = newest;
  for (let s = 0; s < steps; s++, delta += 64) {
    const gates = ring + <usize>slot * stride + ((<usize>n) << 2);
    if (s < lines) {
      for (let j: usize = 0; j < width; j += 16) {
        const own = v128.load(blame + <usize>s * width + j);
        v128.store(slopeH + j, f32x4.add(v128.load(slopeH + j), own));
      }
    }
    through(gates, delta, step, width);
    if (s + 1 < steps) past(w + ((<usize>m) << 6), delta, step, n, width);
    slot = slot == 0 ? slots - 1 : slot - 1;
  }
}

/** The slopes in the four gates of one step from those in h and c, which goes one step back. */
function through(gates: usize, to: usize, step: usize, width: usize): void {
  const one = f32x4.splat(1);
  const old = gates + (width << 2);
  const bent = old + width;
  for (let j: usize = 0; j < width; j += 16, to += step) {
    const at = gates + (j << 2);
    const i = v128.load(at);
    const f = v128.load(at, 16);
    const g = v128.load(at, 32);
    const o = v128.load(at, 48);
    const curved = v128.load(bent + j);
    const dh = v128.load(slopeH + j);
    const flat = f32x4.sub(one, f32x4.mul(curved, curved));
    const dc = f32x4.add(v128.load(slopeC + j), f32x4.mul(f32x4.mul(dh, o), flat));
    v128.store(to, f32x4.mul(f32x4.mul(dc, g), f32x4.mul(i, f32x4.sub(one, i))));
    v128.store(to, f32x4.mul(f32x4.mul(dc, v128.load(old + j)), f32x4.mul(f, f32x4.sub(one, f))), 16);
    v128.store(to, f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g))), 32);
    v128.store(to, f32x4.mul(f32x4.mul(dh, curved), f32x4.mul(o, f32x4.sub(one, o))), 48);
    v128.store(slopeC + j, f32x4.mul(dc, f));
  }
}

/**
 * slopeH <- W_h' da. Weights are read in the order in which they lie, and the four partial sums of every column, one per place
 * in a block, wait in memory.
 */
function past(w: usize, from: usize, step: usize, n: i32, width: usize): void {
  const block: usize = (<usize>n) << 6;
  const end = parts + (width << 2);
  memory.fill(parts, 0, width << 2);
  for (let j: usize = 0; j < width; j += 16, w += block, from += step) {
    const i = v128.load(from);
    const f = v128.load(from, 16);
    const g = v128.load(from, 32);
    const o = v128.load(from, 48);
    for (let p = parts, at = w; p < end; p += 64, at += 256) {
      v128.store(p, f32x4.add(v128.load(p), product(at, i, f, g, o)));
      v128.store(p, f32x4.add(v128.load(p, 16), product(at + 64, i, f, g, o)), 16);
      v128.store(p, f32x4.add(v128.load(p, 32), product(at + 128, i, f, g, o)), 32);
      v128.store(p, f32x4.add(v128.load(p, 48), product(at + 192, i, f, g, o)), 48);
    }
  }
  for (let k: usize = 0, p = parts; k < width; k += 16, p += 64) v128.store(slopeH + k, fourLanes(p));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function product(at: usize, i: v128, f: v128, g: v128, o: v128): v128 {
  const left = f32x4.add(f32x4.mul(v128.load(at), i), f32x4.mul(v128.load(at, 16), f));
  return f32x4.add(left, f32x4.add(f32x4.mul(v128.load(at, 32), g), f32x4.mul(v128.load(at, 48), o)));
}

/** Sums of the lanes of four vectors, each (0 + 1) + (2 + 3). */
// @ts-ignore: a decorator of AssemblyScript
@inline
function fourLanes(p: usize): v128 {
  const a = v128.load(p);
  const b = v128.load(p, 16);
  const c = v128.load(p, 32);
  const e = v128.load(p, 48);
  const low = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const low2 = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
  const high2 = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
  const first = f32x4.add(v128.shuffle<f32>(low, low2, 0, 1, 4, 5), v128.shuffle<f32>(low, low2, 2, 3, 6, 7));
  const second = f32x4.add(v128.shuffle<f32>(high, high2, 0, 1, 4, 5), v128.shuffle<f32>(high, high2, 2, 3, 6, 7));
  return f32x4.add(first, second);
}

/**
 * g <- sum over the last `steps` slots of da v', as lstmBack left da in delta; every weight is written once. Returns the sum
 * of its squares, the same bits as `squares` of g.
 */
export function lstmGradient(
  ring: usize,
  delta: usize,
  g: usize,
  newest: i32,
  steps: i32,
  slots: i32,
  m: i32,
  d: i32,
): f64 {
  const inner: usize = (<usize>(m + d)) << 2;
  const stride: usize = (<usize>(m + 7 * d)) << 2;
  const newestAt = ring + <usize>newest * stride;
  // Slots older than the first of the ring lie behind the newest.
  const first: usize = (<usize>min(steps, newest + 1)) << 6;
  const lastAt = ring + <usize>(slots - 1) * stride;
  let total = f32x4.splat(0);
  for (let j = 0; j < d; j += 4) {
    const wrapped = delta + first;
    const end = delta + ((<usize>steps) << 6);
    for (let k: usize = 0; k < inner; k += 8, g += 128) {
      let i0 = f32x4.splat(0);
      let f0 = f32x4.splat(0);
      let g0 = f32x4.splat(0);
      let o0 = f32x4.splat(0);
      let i1 = f32x4.splat(0);
      let f1 = f32x4.splat(0);
      let g1 = f32x4.splat(0);
      let o1 = f32x4.splat(0);
      let from = delta;
      for (let v = newestAt + k; from < wrapped; from += 64, v -= stride) {
        const x = v128.load32_splat(v);
        const y = v128.load32_splat(v, 4);
        const di = v128.load(from);
        i0 = f32x4.add(i0, f32x4.mul(di, x));
        i1 = f32x4.add(i1, f32x4.mul(di, y));
        const df = v128.load(from, 16);
        f0 = f32x4.add(f0, f32x4.mul(df, x));
        f1 = f32x4.add(f1, f32x4.mul(df, y));
        const dg = v128.load(from, 32);
        g0 = f32x4.add(g0, f32x4.mul(dg, x));
        g1 = f32x4.add(g1, f32x4.mul(dg, y));
        const dout = v128.load(from, 48);
        o0 = f32x4.add(o0, f32x4.mul(dout, x));
        o1 = f32x4.add(o1, f32x4.mul(dout, y));
      }
      for (let v = lastAt + k; from < end; from += 64, v -= stride) {
        const x = v128.load32_splat(v);
        const y = v128.load32_splat(v, 4);
        const di = v128.load(from);
        i0 = f32x4.add(i0, f32x4.mul(di, x));
        i1 = f32x4.add(i1, f32x4.mul(di, y));
        const df = v128.load(from, 16);
        f0 = f32x4.add(f0, f32x4.mul(df, x));
        f1 = f32x4.add(f1, f32x4.mul(df, y));
        const dg = v128.load(from, 32);
        g0 = f32x4.add(g0, f32x4.mul(dg, x));
        g1 = f32x4.add(g1, f32x4.mul(dg, y));
        const dout = v128.load(from, 48);
        o0 = f32x4.add(o0, f32x4.mul(dout, x));
        o1 = f32x4.add(o1, f32x4.mul(dout, y));
      }
      total = stored(g, i0, f0, g0, o0, total);
      total = stored(g + 64, i1, f1, g1, o1, total);
    }
    delta = end;
  }
  return <f64>lanes(total);
}

/** Stores four vectors and adds their squares. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function stored(to: usize, a: v128, b: v128, c: v128, e: v128, total: v128): v128 {
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, e, 48);
  let sum = f32x4.add(total, f32x4.mul(a, a));
  sum = f32x4.add(sum, f32x4.mul(b, b));
  sum = f32x4.add(sum, f32x4.mul(c, c));
  return f32x4.add(sum, f32x4.mul(e, e));
}

import { lanes, sigmoid4, tanh4 } from './vector';

// Long short-term memory (Hochreiter and Schmidhuber; Gers, Schmidhuber and Cummins, Learning to Forget) on f32.
// m inputs of which one is constant, d units, n = m + d; m and d are multiples of four.
//
//   v = [u; h-];  i, f, o = s(.), g = tanh(.) of W v;  c <- f c- + i g;  h <- o tanh c
//
// Units are taken by fours, and gate is 0..3 for i, f, g, o:
//   weights and their gradient [d/4][n][gate][4]
//   a slot of the ring of past steps: v[n], activations [d/4][gate][4], c-[d], tanh c[d]: 7d + m numbers
// Known weakness: slots keep the activations of the weights of their time, so gradients lag behind by a ring.

/** More units than this do not fit the scratch rows. */
const unitsMax = 1024;
const slopeH = memory.data(unitsMax * 4, 16);
const slopeC = memory.data(unitsMax * 4, 16);

/**
 * One step: u stands in the slot already; c[d] and h[d] are written in place. Every sum runs over the columns from first to
 * last, alone or in `lstmStepMany`, so that both give the same bits.
 */
export function lstmStep(w: usize, c: usize, h: usize, slot: usize, m: i32, d: i32): void {
  const n = m + d;
  const width: usize = (<usize>d) << 2;
  memory.copy(slot + ((<usize>m) << 2), h, width);
  const block: usize = (<usize>n) << 6;
  const end = slot + ((<usize>n) << 2);
  let j: usize = 0;
  // Eight units at a time, so that eight sums wait for each other less.
  for (; j + 32 <= width; j += 32, w += block << 1) {
    let i0 = f32x4.splat(0);
    let f0 = f32x4.splat(0);
    let g0 = f32x4.splat(0);
    let o0 = f32x4.splat(0);
    let i1 = f32x4.splat(0);
    let f1 = f32x4.splat(0);
    let g1 = f32x4.splat(0);
    let o1 = f32x4.splat(0);
    let at = w;
    let to = w + block;
    for (let v = slot; v < end; v += 4, at += 64, to += 64) {
      const x = v128.load32_splat(v);
      i0 = f32x4.add(i0, f32x4.mul(v128.load(at), x));
      f0 = f32x4.add(f0, f32x4.mul(v128.load(at, 16), x));
      g0 = f32x4.add(g0, f32x4.mul(v128.load(at, 32), x));
      o0 = f32x4.add(o0, f32x4.mul(v128.load(at, 48), x));
      i1 = f32x4.add(i1, f32x4.mul(v128.load(to), x));
      f1 = f32x4.add(f1, f32x4.mul(v128.load(to, 16), x));
      g1 = f32x4.add(g1, f32x4.mul(v128.load(to, 32), x));
      o1 = f32x4.add(o1, f32x4.mul(v128.load(to, 48), x));
    }
    four(i0, f0, g0, o0, c, h, end, width, j);
    four(i1, f1, g1, o1, c, h, end, width, j + 16);
  }
  if (j < width) oneLane(w, c, h, slot, end, width, j);
}

/** Four units of one series. */
function oneLane(w: usize, c: usize, h: usize, slot: usize, end: usize, width: usize, j: usize): void {
  let i = f32x4.splat(0);
  let f = f32x4.splat(0);
  let g = f32x4.splat(0);
  let o = f32x4.splat(0);
  for (let v = slot; v < end; v += 4, w += 64) {
    const x = v128.load32_splat(v);
    i = f32x4.add(i, f32x4.mul(v128.load(w), x));
    f = f32x4.add(f, f32x4.mul(v128.load(w, 16), x));
    g = f32x4.add(g, f32x4.mul(v128.load(w, 32), x));
    o = f32x4.add(o, f32x4.mul(v128.load(w, 48), x));
  }
  four(i, f, g, o, c, h, end, width, j);
}

/** Gates of four units from their sums: writes c, h and what the slot keeps. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function four(
  sumI: v128,
  sumF: v128,
  sumG: v128,
  sumO: v128,
  c: usize,
  h: usize,
  end: usize,
  width: usize,
  j: usize,
): void {
  const gates = end + (j << 2);
  const old = end + (width << 2);
  const i = sigmoid4(sumI);
  const f = sigmoid4(sumF);
  const g = tanh4(sumG);
  const o = sigmoid4(sumO);
  v128.store(gates, i);
  v128.store(gates, f, 16);
  v128.store(gates, g, 32);
  v128.store(gates, o, 48);
  const before = v128.load(c + j);
  const now = f32x4.add(f32x4.mul(f, before), f32x4.mul(i, g));
  const curved = tanh4(now);
  v128.store(old + j, before);
  v128.store(old + width + j, curved);
  v128.store(c + j, now);
  v128.store(h + j, f32x4.mul(o, curved));
}

/**
 * One step of each of `count` series with the same weights: table[count] as u32 pairs holds where the state [h[d], c[d]] and
 * the input u[m] of each are; their slots follow one another.
 */
export function lstmStepMany(w: usize, table: usize, slots: usize, count: i32, m: i32, d: i32): void {
  const width: usize = (<usize>d) << 2;
  const input: usize = (<usize>m) << 2;
  const inner = input + width;
  const stride = inner + 6 * width;
  const last = table + ((<usize>count) << 3);
  for (let t = table, slot = slots; t < last; t += 8, slot += stride) {
    memory.copy(slot, <usize>load<u32>(t, 4), input);
    memory.copy(slot + input, <usize>load<u32>(t), width);
  }
  for (let j: usize = 0; j < width; j += 16, w += inner << 4) {
    let t = table;
    let slot = slots;
    // Three series at a time: weights are loaded once for all three.
    for (; t + 24 <= last; t += 24, slot += 3 * stride) {
      const s1 = slot + stride;
      const s2 = slot + 2 * stride;
      let i0 = f32x4.splat(0);
      let f0 = f32x4.splat(0);
      let g0 = f32x4.splat(0);
      let o0 = f32x4.splat(0);
      let i1 = f32x4.splat(0);
      let f1 = f32x4.splat(0);
      let g1 = f32x4.splat(0);
      let o1 = f32x4.splat(0);
      let i2 = f32x4.splat(0);
      let f2 = f32x4.splat(0);
      let g2 = f32x4.splat(0);
      let o2 = f32x4.splat(0);
      let at = w;
      for (let k: usize = 0; k < inner; k += 4, at += 64) {
        const wi = v128.load(at);
        const wf = v128.load(at, 16);
        const wg = v128.load(at, 32);
        const wo = v128.load(at, 48);
        const x = v128.load32_splat(slot + k);
        i0 = f32x4.add(i0, f32x4.mul(wi, x));
        f0 = f32x4.add(f0, f32x4.mul(wf, x));
        g0 = f32x4.add(g0, f32x4.mul(wg, x));
        o0 = f32x4.add(o0, f32x4.mul(wo, x));
        const y = v128.load32_splat(s1 + k);
        i1 = f32x4.add(i1, f32x4.mul(wi, y));
        f1 = f32x4.add(f1, f32x4.mul(wf, y));
        g1 = f32x4.add(g1, f32x4.mul(wg, y));
        o1 = f32x4.add(o1, f32x4.mul(wo, y));
        const z = v128.load32_splat(s2 + k);
        i2 = f32x4.add(i2, f32x4.mul(wi, z));
        f2 = f32x4.add(f2, f32x4.mul(wf, z));
        g2 = f32x4.add(g2, f32x4.mul(wg, z));
        o2 = f32x4.add(o2, f32x4.mul(wo, z));
      }
      const h0 = <usize>load<u32>(t);
      four(i0, f0, g0, o0, h0 + width, h0, slot + inner, width, j);
      const h1 = <usize>load<u32>(t, 8);
      four(i1, f1, g1, o1, h1 + width, h1, s1 + inner, width, j);
      const h2 = <usize>load<u32>(t, 16);
      four(i2, f2, g2, o2, h2 + width, h2, s2 + inner, width, j);
    }
    for (; t < last; t += 8, slot += stride) {
      const h = <usize>load<u32>(t);
      oneLane(w, h + width, h, slot, slot + inner, width, j);
    }
  }
}

/**
 * Backwards through the last `steps` slots of the ring, whose newest is slot `newest` of `slots`:
 *   da = [di df dg do] into delta[steps][d/4][gate][4], newest first, from the slopes blame[lines][d] of the loss in h
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
  memory.fill(slopeH, 0, width);
  memory.fill(slopeC, 0, width);
  let slot = newest;
  for (let s = 0; s < steps; s++) {
    const gates = ring + <usize>slot * stride + ((<usize>n) << 2);
    const row = delta + <usize>s * (width << 2);
    if (s < lines) {
      for (let j: usize = 0; j < width; j += 16) {
        const own = v128.load(blame + <usize>s * width + j);
        v128.store(slopeH + j, f32x4.add(v128.load(slopeH + j), own));
      }
    }
    through(gates, row, width);
    if (s + 1 < steps) past(w + ((<usize>m) << 6), row, n, width);
    slot = slot == 0 ? slots - 1 : slot - 1;
  }
}

/** The slopes in the four gates of one step from those in h and c, which goes one step back. */
function through(gates: usize, row: usize, width: usize): void {
  const one = f32x4.splat(1);
  const old = gates + (width << 2);
  const bent = old + width;
  for (let j: usize = 0; j < width; j += 16) {
    const at = gates + (j << 2);
    const i = v128.load(at);
    const f = v128.load(at, 16);
    const g = v128.load(at, 32);
    const o = v128.load(at, 48);
    const curved = v128.load(bent + j);
    const dh = v128.load(slopeH + j);
    const flat = f32x4.sub(one, f32x4.mul(curved, curved));
    const dc = f32x4.add(v128.load(slopeC + j), f32x4.mul(f32x4.mul(dh, o), flat));
    const to = row + (j << 2);
    v128.store(to, f32x4.mul(f32x4.mul(dc, g), f32x4.mul(i, f32x4.sub(one, i))));
    v128.store(to, f32x4.mul(f32x4.mul(dc, v128.load(old + j)), f32x4.mul(f, f32x4.sub(one, f))), 16);
    v128.store(to, f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g))), 32);
    v128.store(to, f32x4.mul(f32x4.mul(dh, curved), f32x4.mul(o, f32x4.sub(one, o))), 48);
    v128.store(slopeC + j, f32x4.mul(dc, f));
  }
}

/** slopeH <- W_h' da: four columns a pass. */
function past(w: usize, row: usize, n: i32, width: usize): void {
  const stride: usize = (<usize>n) << 6;
  for (let k: usize = 0; k < width; k += 16) {
    let at = w + (k << 4);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let e = f32x4.splat(0);
    for (let j = row, end = row + (width << 2); j < end; j += 64, at += stride) {
      const di = v128.load(j);
      const df = v128.load(j, 16);
      const dg = v128.load(j, 32);
      const dout = v128.load(j, 48);
      a = f32x4.add(a, product(at, di, df, dg, dout));
      b = f32x4.add(b, product(at + 64, di, df, dg, dout));
      c = f32x4.add(c, product(at + 128, di, df, dg, dout));
      e = f32x4.add(e, product(at + 192, di, df, dg, dout));
    }
    store<f32>(slopeH + k, lanes(a));
    store<f32>(slopeH + k, lanes(b), 4);
    store<f32>(slopeH + k, lanes(c), 8);
    store<f32>(slopeH + k, lanes(e), 12);
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function product(at: usize, i: v128, f: v128, g: v128, o: v128): v128 {
  const left = f32x4.add(f32x4.mul(v128.load(at), i), f32x4.mul(v128.load(at, 16), f));
  return f32x4.add(left, f32x4.add(f32x4.mul(v128.load(at, 32), g), f32x4.mul(v128.load(at, 48), o)));
}

/** g <- sum over the last `steps` slots of da v', as lstmBack left da in delta; every weight is written once. */
export function lstmGradient(
  ring: usize,
  delta: usize,
  g: usize,
  newest: i32,
  steps: i32,
  slots: i32,
  m: i32,
  d: i32,
): void {
  const n = m + d;
  const row: usize = (<usize>d) << 4;
  const stride: usize = (<usize>(m + 7 * d)) << 2;
  const first = min(steps, newest + 1);
  for (let j: usize = 0; j < row; j += 64) {
    for (let k: usize = 0, end: usize = (<usize>n) << 2; k < end; k += 8, g += 128) {
      let i0 = f32x4.splat(0);
      let f0 = f32x4.splat(0);
      let g0 = f32x4.splat(0);
      let o0 = f32x4.splat(0);
      let i1 = f32x4.splat(0);
      let f1 = f32x4.splat(0);
      let g1 = f32x4.splat(0);
      let o1 = f32x4.splat(0);
      let from = delta + j;
      let v = ring + <usize>newest * stride + k;
      for (let s = 0; s < steps; s++, from += row) {
        // The oldest slots lie behind the newest.
        if (s == first) v = ring + <usize>(slots - 1) * stride + k;
        const x = v128.load32_splat(v);
        const y = v128.load32_splat(v, 4);
        const di = v128.load(from);
        const df = v128.load(from, 16);
        const dg = v128.load(from, 32);
        const dout = v128.load(from, 48);
        i0 = f32x4.add(i0, f32x4.mul(di, x));
        f0 = f32x4.add(f0, f32x4.mul(df, x));
        g0 = f32x4.add(g0, f32x4.mul(dg, x));
        o0 = f32x4.add(o0, f32x4.mul(dout, x));
        i1 = f32x4.add(i1, f32x4.mul(di, y));
        f1 = f32x4.add(f1, f32x4.mul(df, y));
        g1 = f32x4.add(g1, f32x4.mul(dg, y));
        o1 = f32x4.add(o1, f32x4.mul(dout, y));
        v -= stride;
      }
      v128.store(g, i0);
      v128.store(g, f0, 16);
      v128.store(g, g0, 32);
      v128.store(g, o0, 48);
      v128.store(g, i1, 64);
      v128.store(g, f1, 80);
      v128.store(g, g1, 96);
      v128.store(g, o1, 112);
    }
  }
}

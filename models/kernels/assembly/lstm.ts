import { sigmoid4, tanh4 } from './vector';

// Long short-term memory (Hochreiter and Schmidhuber; Gers, Schmidhuber and Cummins, Learning to Forget) on f32.
// m inputs of which one is constant, d units, n = m + d; m and d are multiples of four.
//
//   v = [u; h-];  i, f, o = s(.), g = tanh(.) of W v;  c <- f c- + i g;  h <- o tanh c
//
// Units are taken by fours, and gate is 0..3 for i, f, g, o:
//   weights and their gradient [d/4][n][gate][4]
//   a slot of the ring of past steps: v[n], activations [d/4][gate][4], c-[d], tanh c[d]: 7d + m numbers
// All sums come first and all activations after them: an activation is a long chain, and only many at once fill the processor.
// Known weakness: slots keep the activations of the weights of their time, so gradients lag behind by a ring.

/**
 * One step: u stands in the slot already; c[d] and h[d] are written in place. Every sum runs over the columns from first to
 * last, alone or in `lstmStepMany`, so that both give the same bits.
 */
export function lstmStep(w: usize, c: usize, h: usize, slot: usize, m: i32, d: i32): void {
  const inner: usize = (<usize>(m + d)) << 2;
  const width: usize = (<usize>d) << 2;
  memory.copy(slot + ((<usize>m) << 2), h, width);
  sums(w, slot, inner, width);
  activate(slot + inner, c, h, width);
}

/** W v of one series, left where its activations will be. */
function sums(w: usize, slot: usize, inner: usize, width: usize): void {
  const end = slot + inner;
  const block = inner << 4;
  let to = end;
  const all = end + (width << 2);
  // Eight units at a time, so that sums wait for each other less, and four columns a pass, so that the loop costs less.
  for (; to + 128 <= all; to += 128, w += block << 1) {
    let i0 = f32x4.splat(0);
    let f0 = f32x4.splat(0);
    let g0 = f32x4.splat(0);
    let o0 = f32x4.splat(0);
    let i1 = f32x4.splat(0);
    let f1 = f32x4.splat(0);
    let g1 = f32x4.splat(0);
    let o1 = f32x4.splat(0);
    let at = w;
    let next = w + block;
    for (let v = slot; v < end; v += 16, at += 256, next += 256) {
      const x0 = v128.load32_splat(v);
      i0 = f32x4.add(i0, f32x4.mul(v128.load(at), x0));
      f0 = f32x4.add(f0, f32x4.mul(v128.load(at, 16), x0));
      g0 = f32x4.add(g0, f32x4.mul(v128.load(at, 32), x0));
      o0 = f32x4.add(o0, f32x4.mul(v128.load(at, 48), x0));
      i1 = f32x4.add(i1, f32x4.mul(v128.load(next), x0));
      f1 = f32x4.add(f1, f32x4.mul(v128.load(next, 16), x0));
      g1 = f32x4.add(g1, f32x4.mul(v128.load(next, 32), x0));
      o1 = f32x4.add(o1, f32x4.mul(v128.load(next, 48), x0));
      const x1 = v128.load32_splat(v, 4);
      i0 = f32x4.add(i0, f32x4.mul(v128.load(at, 64), x1));
      f0 = f32x4.add(f0, f32x4.mul(v128.load(at, 80), x1));
      g0 = f32x4.add(g0, f32x4.mul(v128.load(at, 96), x1));
      o0 = f32x4.add(o0, f32x4.mul(v128.load(at, 112), x1));
      i1 = f32x4.add(i1, f32x4.mul(v128.load(next, 64), x1));
      f1 = f32x4.add(f1, f32x4.mul(v128.load(next, 80), x1));
      g1 = f32x4.add(g1, f32x4.mul(v128.load(next, 96), x1));
      o1 = f32x4.add(o1, f32x4.mul(v128.load(next, 112), x1));
      const x2 = v128.load32_splat(v, 8);
      i0 = f32x4.add(i0, f32x4.mul(v128.load(at, 128), x2));
      f0 = f32x4.add(f0, f32x4.mul(v128.load(at, 144), x2));
      g0 = f32x4.add(g0, f32x4.mul(v128.load(at, 160), x2));
      o0 = f32x4.add(o0, f32x4.mul(v128.load(at, 176), x2));
      i1 = f32x4.add(i1, f32x4.mul(v128.load(next, 128), x2));
      f1 = f32x4.add(f1, f32x4.mul(v128.load(next, 144), x2));
      g1 = f32x4.add(g1, f32x4.mul(v128.load(next, 160), x2));
      o1 = f32x4.add(o1, f32x4.mul(v128.load(next, 176), x2));
      const x3 = v128.load32_splat(v, 12);
      i0 = f32x4.add(i0, f32x4.mul(v128.load(at, 192), x3));
      f0 = f32x4.add(f0, f32x4.mul(v128.load(at, 208), x3));
      g0 = f32x4.add(g0, f32x4.mul(v128.load(at, 224), x3));
      o0 = f32x4.add(o0, f32x4.mul(v128.load(at, 240), x3));
      i1 = f32x4.add(i1, f32x4.mul(v128.load(next, 192), x3));
      f1 = f32x4.add(f1, f32x4.mul(v128.load(next, 208), x3));
      g1 = f32x4.add(g1, f32x4.mul(v128.load(next, 224), x3));
      o1 = f32x4.add(o1, f32x4.mul(v128.load(next, 240), x3));
    }
    keep(to, i0, f0, g0, o0);
    keep(to + 64, i1, f1, g1, o1);
  }
  if (to < all) fourSums(w, slot, end, to);
}

/** Those of four units. */
function fourSums(w: usize, slot: usize, end: usize, to: usize): void {
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
  keep(to, i, f, g, o);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function keep(to: usize, i: v128, f: v128, g: v128, o: v128): void {
  v128.store(to, i);
  v128.store(to, f, 16);
  v128.store(to, g, 32);
  v128.store(to, o, 48);
}

/** What the sums at `gates` make of a series: its activations in their place, c- and tanh c behind them, c and h. */
function activate(gates: usize, c: usize, h: usize, width: usize): void {
  const old = gates + (width << 2);
  for (let j: usize = 0, at = gates; j < width; j += 16, at += 64) {
    const i = sigmoid4(v128.load(at));
    const f = sigmoid4(v128.load(at, 16));
    const g = tanh4(v128.load(at, 32));
    keep(at, i, f, g, sigmoid4(v128.load(at, 48)));
    const before = v128.load(c + j);
    v128.store(old + j, before);
    v128.store(c + j, f32x4.add(f32x4.mul(f, before), f32x4.mul(i, g)));
  }
  const bent = old + width;
  for (let j: usize = 0, at = gates; j < width; j += 16, at += 64) {
    const curved = tanh4(v128.load(c + j));
    v128.store(bent + j, curved);
    v128.store(h + j, f32x4.mul(v128.load(at, 48), curved));
  }
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
  const pairs = slots + <usize>(count >> 1) * 2 * stride;
  // The weights of four units stay near the processor until all pairs of series have had them.
  let units = w;
  for (let to: usize = inner, all = inner + (width << 2); to < all; to += 64, units += inner << 4) {
    for (let slot = slots; slot < pairs; slot += 2 * stride) pairSums(units, slot, slot + stride, inner, to);
  }
  if (count & 1) sums(w, pairs, inner, width);
  for (let t = table, slot = slots; t < last; t += 8, slot += stride) {
    const h = <usize>load<u32>(t);
    activate(slot + inner, h + width, h, width);
  }
}

/** Sums of four units of two series: weights are loaded once for both. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function pairSums(w: usize, slot: usize, other: usize, inner: usize, to: usize): void {
  let i0 = f32x4.splat(0);
  let f0 = f32x4.splat(0);
  let g0 = f32x4.splat(0);
  let o0 = f32x4.splat(0);
  let i1 = f32x4.splat(0);
  let f1 = f32x4.splat(0);
  let g1 = f32x4.splat(0);
  let o1 = f32x4.splat(0);
  for (let k: usize = 0; k < inner; k += 4, w += 64) {
    const x = v128.load32_splat(slot + k);
    const y = v128.load32_splat(other + k);
    const wi = v128.load(w);
    i0 = f32x4.add(i0, f32x4.mul(wi, x));
    i1 = f32x4.add(i1, f32x4.mul(wi, y));
    const wf = v128.load(w, 16);
    f0 = f32x4.add(f0, f32x4.mul(wf, x));
    f1 = f32x4.add(f1, f32x4.mul(wf, y));
    const wg = v128.load(w, 32);
    g0 = f32x4.add(g0, f32x4.mul(wg, x));
    g1 = f32x4.add(g1, f32x4.mul(wg, y));
    const wo = v128.load(w, 48);
    o0 = f32x4.add(o0, f32x4.mul(wo, x));
    o1 = f32x4.add(o1, f32x4.mul(wo, y));
  }
  keep(slot + to, i0, f0, g0, o0);
  keep(other + to, i1, f1, g1, o1);
}

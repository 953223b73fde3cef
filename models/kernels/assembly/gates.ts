import { settled, sigmoid4 } from './vector';

// minGRU and minLSTM (Feng et al., Were RNNs All We Needed?) on f32, with exact real-time recurrent learning: gates see the
// input alone, so the derivative of unit j by its own weights is one trace per weight, and by others' it is zero.
// d units, n inputs of which one is constant; both are multiples of four. Units are taken by fours into blocks:
//   weights, traces and gradient [d/4][gate][n][4], gate 0, 1 for z, q (minGRU) or 0, 1, 2 for f, i, q (minLSTM)
//   g(a) = a + 0.5 if a >= 0 else s(a)
// Known weakness: exact only while the weights move slowly against the memory of the units.

/** a[blocks][4] <- W u, with W[blocks][n][4] and u[n]. */
export function blockProduct(w: usize, u: usize, a: usize, blocks: i32, n: i32): void {
  const end = u + ((<usize>n) << 2);
  for (let b = 0; b < blocks; b++, a += 16) {
    let sum0 = f32x4.splat(0);
    let sum1 = f32x4.splat(0);
    let sum2 = f32x4.splat(0);
    let sum3 = f32x4.splat(0);
    for (let x = u; x < end; x += 16, w += 64) {
      sum0 = f32x4.add(sum0, f32x4.mul(v128.load(w), v128.load32_splat(x)));
      sum1 = f32x4.add(sum1, f32x4.mul(v128.load(w, 16), v128.load32_splat(x, 4)));
      sum2 = f32x4.add(sum2, f32x4.mul(v128.load(w, 32), v128.load32_splat(x, 8)));
      sum3 = f32x4.add(sum3, f32x4.mul(v128.load(w, 48), v128.load32_splat(x, 12)));
    }
    v128.store(a, f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3)));
  }
}

/**
 * z = s(a_z), q = g(a_q), h <- (1-z) h + z q; what a trace keeps of itself and what drives it take the place of a:
 *   keep = 1-z, drive = [(q - h) z(1-z), z g'] with the old h
 */
export function minGruStep(h: usize, a: usize, keep: usize, d: i32): void {
  const one = f32x4.splat(1);
  for (let j: usize = 0, end: usize = (<usize>d) << 2; j < end; j += 16, a += 32) {
    const z = sigmoid4(v128.load(a));
    const raw = v128.load(a, 16);
    const q = bent(raw);
    const old = v128.load(h + j);
    const rest = f32x4.sub(one, z);
    v128.store(keep + j, rest);
    v128.store(a, f32x4.mul(f32x4.sub(q, old), f32x4.mul(z, rest)));
    v128.store(a, f32x4.mul(z, slope(raw, q)), 16);
    v128.store(h + j, f32x4.add(f32x4.mul(rest, old), f32x4.mul(z, q)));
  }
}

/**
 * f = s(a_f), i = s(a_i), r = f/(f+i), q = g(a_q), h <- r h + (1-r) q, and as above
 *   keep = r, drive = [(h - q) r(1-r)(1-f), -(h - q) r(1-r)(1-i), (1-r) g'] with the old h
 */
export function minLstmStep(h: usize, a: usize, keep: usize, d: i32): void {
  const one = f32x4.splat(1);
  for (let j: usize = 0, end: usize = (<usize>d) << 2; j < end; j += 16, a += 48) {
    const f = sigmoid4(v128.load(a));
    const i = sigmoid4(v128.load(a, 16));
    const raw = v128.load(a, 32);
    const q = bent(raw);
    const old = v128.load(h + j);
    const r = f32x4.div(f, f32x4.add(f, i));
    const rest = f32x4.sub(one, r);
    const pull = f32x4.mul(f32x4.sub(old, q), f32x4.mul(r, rest));
    v128.store(keep + j, r);
    v128.store(a, f32x4.mul(pull, f32x4.sub(one, f)));
    v128.store(a, f32x4.mul(pull, f32x4.sub(i, one)), 16);
    v128.store(a, f32x4.mul(rest, slope(raw, q)), 32);
    v128.store(h + j, f32x4.add(f32x4.mul(r, old), f32x4.mul(rest, q)));
  }
}

/** One step of each of `count` series with the same weights: table[count][2] as u32 holds where h[d] and u[n] of each are. */
export function minStepMany(w: usize, table: usize, room: usize, count: i32, d: i32, n: i32, gates: i32): void {
  const keep = room + ((<usize>(d * gates)) << 2);
  for (const end = table + ((<usize>count) << 3); table < end; table += 8) {
    blockProduct(w, <usize>load<u32>(table, 4), room, (d * gates) >> 2, n);
    if (gates == 2) minGruStep(<usize>load<u32>(table), room, keep, d);
    else minLstmStep(<usize>load<u32>(table), room, keep, d);
  }
}

/** E <- keep E + drive u', with keep[d] and drive[d/4][gates][4]. */
export function gateTraces(e: usize, keep: usize, drive: usize, u: usize, d: i32, n: i32, gates: i32): void {
  const end = u + ((<usize>n) << 2);
  for (let q = 0; q < d; q += 4, keep += 16) {
    const rest = v128.load(keep);
    for (let gate = 0; gate < gates; gate++, drive += 16) {
      const own = v128.load(drive);
      for (let x = u; x < end; x += 8, e += 32) {
        const first = f32x4.add(f32x4.mul(rest, v128.load(e)), f32x4.mul(own, v128.load32_splat(x)));
        const second = f32x4.add(f32x4.mul(rest, v128.load(e, 16)), f32x4.mul(own, v128.load32_splat(x, 4)));
        v128.store(e, settled(first));
        v128.store(e, settled(second), 16);
      }
    }
  }
}

/** g <- delta E, with the slopes delta[d] of the loss in h. */
export function gateGradient(e: usize, delta: usize, g: usize, d: i32, n: i32, gates: i32): void {
  const bytes: usize = (<usize>(n * gates)) << 4;
  for (let q = 0; q < d; q += 4, delta += 16) {
    const own = v128.load(delta);
    for (const end = e + bytes; e < end; e += 16, g += 16) v128.store(g, f32x4.mul(own, v128.load(e)));
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function bent(a: v128): v128 {
  const positive = f32x4.ge(a, f32x4.splat(0));
  return v128.bitselect(f32x4.add(a, f32x4.splat(0.5)), sigmoid4(a), positive);
}

/** g'(a) from a and g(a). */
// @ts-ignore: a decorator of AssemblyScript
@inline
function slope(a: v128, g: v128): v128 {
  const positive = f32x4.ge(a, f32x4.splat(0));
  return v128.bitselect(f32x4.splat(1), f32x4.mul(g, f32x4.sub(f32x4.splat(1), g)), positive);
}

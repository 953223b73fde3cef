import { blockProduct } from './gates';
import { settled } from './vector';

// Linear recurrent unit (Orvieto et al., Resurrecting Recurrent Neural Networks for Long Sequences) on f32 with exact
// real-time recurrent learning. d complex units, n inputs, both multiples of four. Units are taken by fours, and part is
// 0, 1 for real and imaginary: poles, x, E [d/4][part][4]; B, s and the gradient of B [d/4][part][n][4].
//
//   lambda = exp(-exp(nu) + i theta);  gamma = sqrt(1 - |lambda|^2);  x <- lambda x + gamma B u
//   E <- lambda E + x (old x);  s_k <- lambda s_k + u_k
// Known weakness: exact only while the poles move slowly against their memory.

/** Poles, gamma[d] and speed[d] = exp(nu) from nu[d] and theta[d]. */
export function lruPoles(nu: usize, theta: usize, pole: usize, gamma: usize, speed: usize, d: i32): void {
  for (let j = 0; j < d; j++) {
    const at: usize = (<usize>j) << 2;
    const to = pole + ((<usize>(j >> 2)) << 5) + ((<usize>(j & 3)) << 2);
    const fast = Math.exp(<f64>load<f32>(nu + at));
    const size = Math.exp(-fast);
    const turn = <f64>load<f32>(theta + at);
    store<f32>(to, <f32>(size * Math.cos(turn)));
    store<f32>(to, <f32>(size * Math.sin(turn)), 16);
    // A pole on the circle would take in nothing, and its slope would be infinite.
    store<f32>(gamma + at, <f32>Math.sqrt(max(1 - size * size, 1e-6)));
    store<f32>(speed + at, <f32>fast);
  }
}

/**
 * One step of x, without traces, of each of `count` series with the same poles and B: table[count][2] as u32 holds where
 * x[d/4][part][4] and u[n] of each are.
 */
export function lruStepMany(
  pole: usize,
  gamma: usize,
  b: usize,
  table: usize,
  room: usize,
  count: i32,
  d: i32,
  n: i32,
): void {
  for (const end = table + ((<usize>count) << 3); table < end; table += 8) {
    let x = <usize>load<u32>(table);
    blockProduct(b, <usize>load<u32>(table, 4), room, d >> 1, n);
    for (let q: usize = 0, width: usize = (<usize>d) << 2; q < width; q += 16, x += 32) {
      const re = v128.load(pole + (q << 1));
      const im = v128.load(pole + (q << 1), 16);
      const own = v128.load(gamma + q);
      const xRe = v128.load(x);
      const xIm = v128.load(x, 16);
      const turnedRe = f32x4.sub(f32x4.mul(re, xRe), f32x4.mul(im, xIm));
      const turnedIm = f32x4.add(f32x4.mul(re, xIm), f32x4.mul(im, xRe));
      v128.store(x, settled(f32x4.add(turnedRe, f32x4.mul(own, v128.load(room + (q << 1))))));
      v128.store(x, settled(f32x4.add(turnedIm, f32x4.mul(own, v128.load(room + (q << 1), 16)))), 16);
    }
  }
}

/** One step of x and of its traces; a[d/4][part][4] holds B u. */
export function lruStep(
  pole: usize,
  gamma: usize,
  x: usize,
  e: usize,
  s: usize,
  a: usize,
  u: usize,
  d: i32,
  n: i32,
): void {
  const width: usize = (<usize>n) << 4;
  for (let q = 0; q < d; q += 4) {
    const re = v128.load(pole);
    const im = v128.load(pole, 16);
    const own = v128.load(gamma);
    const xRe = v128.load(x);
    const xIm = v128.load(x, 16);
    const eRe = v128.load(e);
    const eIm = v128.load(e, 16);
    v128.store(e, settled(f32x4.add(f32x4.sub(f32x4.mul(re, eRe), f32x4.mul(im, eIm)), xRe)));
    v128.store(e, settled(f32x4.add(f32x4.add(f32x4.mul(re, eIm), f32x4.mul(im, eRe)), xIm)), 16);
    const turnedRe = f32x4.sub(f32x4.mul(re, xRe), f32x4.mul(im, xIm));
    const turnedIm = f32x4.add(f32x4.mul(re, xIm), f32x4.mul(im, xRe));
    v128.store(x, settled(f32x4.add(turnedRe, f32x4.mul(own, v128.load(a)))));
    v128.store(x, settled(f32x4.add(turnedIm, f32x4.mul(own, v128.load(a, 16)))), 16);
    for (let k: usize = 0; k < width; k += 16) {
      const sRe = v128.load(s + k);
      const sIm = v128.load(s + width + k);
      const drive = v128.load32_splat(u + (k >> 2));
      v128.store(s + k, settled(f32x4.add(f32x4.sub(f32x4.mul(re, sRe), f32x4.mul(im, sIm)), drive)));
      v128.store(s + width + k, settled(f32x4.add(f32x4.mul(re, sIm), f32x4.mul(im, sRe))));
    }
    pole += 32;
    gamma += 16;
    x += 32;
    e += 32;
    a += 32;
    s += width << 1;
  }
}

/**
 * The gradient of a loss with slopes delta[d/4][part][4] in Re x and Im x, with p = lambda E and G = sum_k B_k s_k:
 *   dL/dnu = speed (-(delta . p) + |lambda|^2/gamma (delta . G));  dL/dtheta = delta_im p_re - delta_re p_im
 *   dL/dB_re = gamma (delta_re s_re + delta_im s_im);  dL/dB_im = gamma (delta_im s_re - delta_re s_im)
 */
export function lruGradient(
  pole: usize,
  gamma: usize,
  speed: usize,
  b: usize,
  e: usize,
  s: usize,
  delta: usize,
  gNu: usize,
  gTheta: usize,
  gB: usize,
  d: i32,
  n: i32,
): void {
  const width: usize = (<usize>n) << 4;
  for (let q = 0; q < d; q += 4) {
    const re = v128.load(pole);
    const im = v128.load(pole, 16);
    const own = v128.load(gamma);
    const dRe = v128.load(delta);
    const dIm = v128.load(delta, 16);
    const pRe = f32x4.sub(f32x4.mul(re, v128.load(e)), f32x4.mul(im, v128.load(e, 16)));
    const pIm = f32x4.add(f32x4.mul(re, v128.load(e, 16)), f32x4.mul(im, v128.load(e)));
    let gRe = f32x4.splat(0);
    let gIm = f32x4.splat(0);
    for (let k: usize = 0; k < width; k += 16) {
      const sRe = v128.load(s + k);
      const sIm = v128.load(s + width + k);
      const bRe = v128.load(b + k);
      const bIm = v128.load(b + width + k);
      gRe = f32x4.add(gRe, f32x4.sub(f32x4.mul(bRe, sRe), f32x4.mul(bIm, sIm)));
      gIm = f32x4.add(gIm, f32x4.add(f32x4.mul(bRe, sIm), f32x4.mul(bIm, sRe)));
      v128.store(gB + k, f32x4.mul(own, f32x4.add(f32x4.mul(dRe, sRe), f32x4.mul(dIm, sIm))));
      v128.store(gB + width + k, f32x4.mul(own, f32x4.sub(f32x4.mul(dIm, sRe), f32x4.mul(dRe, sIm))));
    }
    const size = f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im));
    const along = f32x4.add(f32x4.mul(dRe, pRe), f32x4.mul(dIm, pIm));
    const into = f32x4.add(f32x4.mul(dRe, gRe), f32x4.mul(dIm, gIm));
    const slope = f32x4.sub(f32x4.mul(f32x4.div(size, own), into), along);
    v128.store(gNu, f32x4.mul(v128.load(speed), slope));
    v128.store(gTheta, f32x4.sub(f32x4.mul(dIm, pRe), f32x4.mul(dRe, pIm)));
    pole += 32;
    gamma += 16;
    speed += 16;
    e += 32;
    delta += 32;
    gNu += 16;
    gTheta += 16;
    b += width << 1;
    s += width << 1;
    gB += width << 1;
  }
}

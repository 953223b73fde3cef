import { lanes, settled } from './vector';

// A layer of diagonal state spaces (Gu et al., On the Parameterization and Initialization of Diagonal State Space Models):
// every channel drives complex states of its own, a multiple of four, and reads them. f32; per channel and four states the
// parameters stand as [re im of lambda, re im of B, re im of C][4] and the states as [re im][4].

/** x <- lambda x + B u_c;  y_c <- Re(C x) */
export function diagonalLayer(p: usize, x: usize, u: usize, y: usize, channels: i32, states: i32): void {
  for (let c = 0; c < channels; c++, u += 4, y += 4) {
    const drive = v128.load32_splat(u);
    let sum = f32x4.splat(0);
    for (let j = 0; j < states; j += 4, p += 96, x += 32) {
      const re = v128.load(p);
      const im = v128.load(p, 16);
      const xRe = v128.load(x);
      const xIm = v128.load(x, 16);
      const turnedRe = f32x4.sub(f32x4.mul(re, xRe), f32x4.mul(im, xIm));
      const turnedIm = f32x4.add(f32x4.mul(re, xIm), f32x4.mul(im, xRe));
      const nextRe = settled(f32x4.add(turnedRe, f32x4.mul(v128.load(p, 32), drive)));
      const nextIm = settled(f32x4.add(turnedIm, f32x4.mul(v128.load(p, 48), drive)));
      v128.store(x, nextRe);
      v128.store(x, nextIm, 16);
      const read = f32x4.sub(f32x4.mul(v128.load(p, 64), nextRe), f32x4.mul(v128.load(p, 80), nextIm));
      sum = f32x4.add(sum, read);
    }
    store<f32>(y, lanes(sum));
  }
}

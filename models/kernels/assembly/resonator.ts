// A diagonal linear memory: n complex poles, real and imaginary parts in arrays of their own. (Orvieto et al., Resurrecting
// Recurrent Neural Networks for Long Sequences; poles on the harmonics of a period T are a sliding Fourier sum.)

/** x_i <- lambda_i x_i + gamma_i u with lambda = re + i im and x = xRe + i xIm; gamma is real. */
export function resonate(re: usize, im: usize, gamma: usize, xRe: usize, xIm: usize, n: i32, u: f64): void {
  const drive = f64x2.splat(u);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const a = v128.load(re);
    const b = v128.load(im);
    const p = v128.load(xRe);
    const q = v128.load(xIm);
    const pushed = f64x2.mul(v128.load(gamma), drive);
    v128.store(xRe, f64x2.add(f64x2.sub(f64x2.mul(a, p), f64x2.mul(b, q)), pushed));
    v128.store(xIm, f64x2.add(f64x2.mul(a, q), f64x2.mul(b, p)));
    re += 16;
    im += 16;
    gamma += 16;
    xRe += 16;
    xIm += 16;
  }
  if (i < n) {
    const a = load<f64>(re);
    const b = load<f64>(im);
    const p = load<f64>(xRe);
    const q = load<f64>(xIm);
    store<f64>(xRe, a * p - b * q + load<f64>(gamma) * u);
    store<f64>(xIm, a * q + b * p);
  }
}

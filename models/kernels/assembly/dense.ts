// Dense linear algebra on f64. Every sum has one order, so the bits are the same on every machine:
// four partial sums over i mod 4 (two vectors of two lanes), a last pair into the first of them, then
// ((s0 + s2) + (s1 + s3)), then the odd one out. Addresses need no alignment.

/** a'b */
export function dot(a: usize, b: usize, n: i32): f64 {
  let even = f64x2.splat(0); // s0, s1
  let odd = f64x2.splat(0); // s2, s3
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    even = f64x2.add(even, f64x2.mul(v128.load(a), v128.load(b)));
    odd = f64x2.add(odd, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  if (i + 2 <= n) {
    even = f64x2.add(even, f64x2.mul(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
    i += 2;
  }
  let sum = total(even, odd);
  if (i < n) sum += load<f64>(a) * load<f64>(b);
  return sum;
}

/** y_r <- A_r'x for `rows` rows of n numbers, `stride` numbers apart; the same bits as `dot` row by row. */
export function matvec(a: usize, x: usize, y: usize, rows: i32, n: i32, stride: i32): void {
  const step: usize = (<usize>stride) << 3;
  let r = 0;
  for (; r + 2 <= rows; r += 2) {
    // Two rows at a time: x is loaded once for both.
    let p = a;
    let q = a + step;
    let v = x;
    let pEven = f64x2.splat(0);
    let pOdd = f64x2.splat(0);
    let qEven = f64x2.splat(0);
    let qOdd = f64x2.splat(0);
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      const first = v128.load(v);
      const second = v128.load(v, 16);
      pEven = f64x2.add(pEven, f64x2.mul(v128.load(p), first));
      pOdd = f64x2.add(pOdd, f64x2.mul(v128.load(p, 16), second));
      qEven = f64x2.add(qEven, f64x2.mul(v128.load(q), first));
      qOdd = f64x2.add(qOdd, f64x2.mul(v128.load(q, 16), second));
      p += 32;
      q += 32;
      v += 32;
    }
    if (i + 2 <= n) {
      const first = v128.load(v);
      pEven = f64x2.add(pEven, f64x2.mul(v128.load(p), first));
      qEven = f64x2.add(qEven, f64x2.mul(v128.load(q), first));
      p += 16;
      q += 16;
      v += 16;
      i += 2;
    }
    let upper = total(pEven, pOdd);
    let lower = total(qEven, qOdd);
    if (i < n) {
      upper += load<f64>(p) * load<f64>(v);
      lower += load<f64>(q) * load<f64>(v);
    }
    store<f64>(y, upper);
    store<f64>(y, lower, 8);
    y += 16;
    a += step << 1;
  }
  if (r < rows) store<f64>(y, dot(a, x, n));
}

/** y <- y + alpha x */
export function axpy(x: usize, y: usize, n: i32, alpha: f64): void {
  const factor = f64x2.splat(alpha);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    v128.store(y, f64x2.add(v128.load(y), f64x2.mul(factor, v128.load(x))));
    x += 16;
    y += 16;
  }
  if (i < n) store<f64>(y, load<f64>(y) + alpha * load<f64>(x));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function total(even: v128, odd: v128): f64 {
  const sum = f64x2.add(even, odd);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

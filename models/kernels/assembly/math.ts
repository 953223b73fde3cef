// Elementary functions in software, the same bits on every machine: V8's own may differ between processors.

export function exp(x: f64): f64 {
  return Math.exp(x);
}

export function expm1(x: f64): f64 {
  return Math.expm1(x);
}

export function log(x: f64): f64 {
  return Math.log(x);
}

export function log1p(x: f64): f64 {
  return Math.log1p(x);
}

export function pow(x: f64, y: f64): f64 {
  return Math.pow(x, y);
}

export function sin(x: f64): f64 {
  return Math.sin(x);
}

export function cos(x: f64): f64 {
  return Math.cos(x);
}

export function tanh(x: f64): f64 {
  return Math.tanh(x);
}

/**
 * The complementary error function, 2/sqrt(pi) times the integral of exp(-t^2) from x to infinity, within 1e-14 of its
 * value for |x| < 2 and 1e-13 relative in the upper tail (Abramowitz and Stegun 7.1.6 and 7.1.14).
 *   |x| < 2:  erf x = 2/sqrt(pi) exp(-x^2) sum over n of 2^n x^(2n+1)/(1·3·5···(2n+1))
 *   x >= 2:   erfc x = exp(-x^2)/sqrt(pi) · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + 2/(x + …)))))
 */
export function erfc(x: f64): f64 {
  if (x != x) return x;
  const size = Math.abs(x);
  if (size > 27.3) return x > 0 ? 0 : 2;
  const bell = Math.exp(-x * x);
  if (size < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 60 && Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - 1.1283791670955126 * bell * sum; // 2/sqrt(pi)
  }
  let fraction = size;
  for (let n = 100; n > 0; n--) fraction = size + (0.5 * n) / fraction;
  const tail = (0.5641895835477563 * bell) / fraction; // 1/sqrt(pi)
  return x > 0 ? tail : 2 - tail;
}

/** First address above the constants. */
export function heapBase(): usize {
  return __heap_base;
}

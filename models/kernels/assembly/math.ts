// Elementary functions in software, the same bits on every machine: V8's own may differ between processors.

export function exp(x: f64): f64 {
  return Math.exp(x);
}

export function log(x: f64): f64 {
  return Math.log(x);
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

/** First address above the constants. */
export function heapBase(): usize {
  return __heap_base;
}

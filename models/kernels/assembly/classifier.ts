// SDR classifier: which bucket a value will fall into, from active bits. p = softmax of the sum of the rows of the active
// bits, W[rows][buckets], f32; each row moves by the error of its bucket. (Cui, Ahmad and Hawkins 2016: multinomial
// logistic regression learnt by stochastic gradient.) Buckets are a multiple of 4.

/** p[buckets], f64 <- softmax(sum over active rows of W_row). */
export function classify(weights: usize, active: usize, n: i32, p: usize, buckets: i32): void {
  for (let b: usize = 0; b < <usize>buckets; b += 4) {
    let sum = f32x4.splat(0);
    for (let i = 0; i < n; i++) {
      const row = <usize>load<u32>(active + ((<usize>i) << 2)) * <usize>buckets;
      sum = f32x4.add(sum, v128.load(weights + ((row + b) << 2)));
    }
    store<f64>(p + (b << 3), <f64>f32x4.extract_lane(sum, 0));
    store<f64>(p + (b << 3), <f64>f32x4.extract_lane(sum, 1), 8);
    store<f64>(p + (b << 3), <f64>f32x4.extract_lane(sum, 2), 16);
    store<f64>(p + (b << 3), <f64>f32x4.extract_lane(sum, 3), 24);
  }
  let top = load<f64>(p);
  for (let b: usize = 1; b < <usize>buckets; b++) top = max(top, load<f64>(p + (b << 3)));
  let total: f64 = 0;
  for (let b: usize = 0; b < <usize>buckets; b++) {
    const e = Math.exp(load<f64>(p + (b << 3)) - top);
    store<f64>(p + (b << 3), e);
    total += e;
  }
  for (let b: usize = 0; b < <usize>buckets; b++) store<f64>(p + (b << 3), load<f64>(p + (b << 3)) / total);
}

/**
 * W_row <- W_row + rate error[buckets], f64, for every active row; where rows are counted, u32 in `seen` (0: they are not),
 * by rate max(least, 1/(1 + count/pace)).
 */
export function classifierLearn(
  weights: usize,
  active: usize,
  n: i32,
  error: usize,
  buckets: i32,
  rate: f64,
  seen: usize,
  pace: f64,
  least: f64,
): void {
  for (let i = 0; i < n; i++) {
    const feature = <usize>load<u32>(active + ((<usize>i) << 2));
    let step = rate;
    if (seen != 0) {
      const count = load<u32>(seen + (feature << 2));
      step *= max(least, 1 / (1 + <f64>count / pace));
      store<u32>(seen + (feature << 2), count + 1);
    }
    const row = weights + ((feature * <usize>buckets) << 2);
    for (let b: usize = 0; b < <usize>buckets; b++) {
      const w = row + (b << 2);
      store<f32>(w, <f32>(<f64>load<f32>(w) + step * load<f64>(error + (b << 3))));
    }
  }
}

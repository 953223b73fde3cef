import { exp4, sigmoid4, tanh4 } from './vector';

// Activations of f32 arrays whose lengths are multiples of four.

/** y <- e^x, within 2e-7 of its value; x is held to [-87, 88]. */
export function exps(x: usize, y: usize, n: i32): void {
  for (let i: usize = 0, end: usize = (<usize>n) << 2; i < end; i += 16) v128.store(y + i, exp4(v128.load(x + i)));
}

/** y <- 1/(1 + e^-x) */
export function sigmoids(x: usize, y: usize, n: i32): void {
  for (let i: usize = 0, end: usize = (<usize>n) << 2; i < end; i += 16) v128.store(y + i, sigmoid4(v128.load(x + i)));
}

/** y <- tanh x */
export function tanhs(x: usize, y: usize, n: i32): void {
  for (let i: usize = 0, end: usize = (<usize>n) << 2; i < end; i += 16) v128.store(y + i, tanh4(v128.load(x + i)));
}

/** y_i <- e^(x_i - max x) / sum over j of e^(x_j - max x), of any n >= 1. */
export function softmax(x: usize, y: usize, n: i32): void {
  const end: usize = (<usize>n) << 2;
  let top = load<f32>(x);
  for (let i: usize = 4; i < end; i += 4) top = max(top, load<f32>(x + i));
  let sum: f32 = 0;
  for (let i: usize = 0; i < end; i += 4) {
    const part = f32x4.extract_lane(exp4(f32x4.splat(load<f32>(x + i) - top)), 0);
    store<f32>(y + i, part);
    sum += part;
  }
  for (let i: usize = 0; i < end; i += 4) store<f32>(y + i, load<f32>(y + i) / sum);
}

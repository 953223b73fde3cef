import { lanes, settled } from './vector';

// Adam (Kingma and Ba, Adam: A Method for Stochastic Optimization) on f32 weights, n a multiple of four.

/** How much the moments keep of themselves and take up. */
const forget = memory.data<f32>([0.9, 0.1, 0.999, 0.001], 16);

/** Sum of squares, four partial sums over i mod 4. */
export function squares(g: usize, n: i32): f64 {
  let sum = f32x4.splat(0);
  for (let end = g + ((<usize>n) << 2); g < end; g += 16) {
    const part = v128.load(g);
    sum = f32x4.add(sum, f32x4.mul(part, part));
  }
  return <f64>lanes(sum);
}

/**
 * With g' = factor g:
 *   m <- 0.9 m + 0.1 g',  s <- 0.999 s + 0.001 g'^2,  w <- w - rate m/(sqrt(s) + floor)
 * The caller's rate and floor make up for the zeros that m and s began with.
 */
export function adam(w: usize, m: usize, s: usize, g: usize, n: i32, factor: f32, rate: f32, floor: f32): void {
  const scale = f32x4.splat(factor);
  const step = f32x4.splat(rate);
  const least = f32x4.splat(floor);
  // Loaded, not written: a constant would be built anew for every four weights.
  const keepFirst = v128.load32_splat(forget);
  const newFirst = v128.load32_splat(forget, 4);
  const keepSecond = v128.load32_splat(forget, 8);
  const newSecond = v128.load32_splat(forget, 12);
  // From the last weight to the first: the last gradients were written last and are nearest, and the first weights are read next.
  for (let i: usize = (<usize>n) << 2; i > 0; ) {
    i -= 16;
    const slope = f32x4.mul(v128.load(g + i), scale);
    const first = f32x4.add(f32x4.mul(v128.load(m + i), keepFirst), f32x4.mul(slope, newFirst));
    const square = f32x4.mul(f32x4.mul(slope, slope), newSecond);
    const second = f32x4.add(f32x4.mul(v128.load(s + i), keepSecond), square);
    v128.store(m + i, settled(first));
    v128.store(s + i, settled(second));
    const move = f32x4.div(f32x4.mul(step, first), f32x4.add(f32x4.sqrt(second), least));
    v128.store(w + i, f32x4.sub(v128.load(w + i), move));
  }
}

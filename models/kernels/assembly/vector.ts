// Elementary functions of four f32 at once, from additions, products and one division: the same bits on every machine.

/** e^x: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor series of e^r to r^7, within 2e-7 of it; x is held to [-87, 88]. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function exp4(x: v128): v128 {
  const held = f32x4.min(f32x4.max(x, f32x4.splat(-87)), f32x4.splat(88));
  const n = f32x4.nearest(f32x4.mul(held, f32x4.splat(1.44269504)));
  // ln 2 in two parts, of which the first has few bits: n times it is exact.
  const near = f32x4.sub(held, f32x4.mul(n, f32x4.splat(0.693359375)));
  const r = f32x4.add(near, f32x4.mul(n, f32x4.splat(2.12194440054690581e-4)));
  let sum = f32x4.add(f32x4.mul(r, f32x4.splat(1.984126984e-4)), f32x4.splat(1.388888889e-3));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(8.333333333e-3));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(4.166666667e-2));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1.666666667e-1));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(0.5));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1));
  sum = f32x4.add(f32x4.mul(sum, r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(sum, power);
}

/** 1/(1 + e^-x) */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function sigmoid4(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp4(f32x4.neg(x))));
}

/** 1 - 2/(e^2x + 1), and near zero, where that would cancel, the Taylor series to x^9; within 3e-7. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function tanh4(x: v128): v128 {
  const one = f32x4.splat(1);
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp4(f32x4.add(x, x)), one)));
  const s = f32x4.mul(x, x);
  let sum = f32x4.add(f32x4.mul(s, f32x4.splat(2.186948854e-2)), f32x4.splat(-5.396825397e-2));
  sum = f32x4.add(f32x4.mul(sum, s), f32x4.splat(1.333333333e-1));
  sum = f32x4.add(f32x4.mul(sum, s), f32x4.splat(-3.333333333e-1));
  sum = f32x4.add(f32x4.mul(sum, s), one);
  return v128.bitselect(f32x4.mul(sum, x), far, f32x4.lt(f32x4.abs(x), f32x4.splat(0.3)));
}

/** Sum of the lanes, (0 + 1) + (2 + 3). */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function lanes(x: v128): f32 {
  const left = f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1);
  return left + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** x with what is smaller than some 1e-27 made zero: numbers that fade away would end as denormals, which are slow. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function settled(x: v128): v128 {
  return f32x4.sub(f32x4.add(x, f32x4.splat(1e-20)), f32x4.splat(1e-20));
}

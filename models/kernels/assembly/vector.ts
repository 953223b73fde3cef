// Elementary functions of four f32 at once, from additions, products and one division: the same bits on every machine.

// Constants lie in memory, each to be spread over four lanes by one load: the engine would build them anew at every use.
const table = memory.data<f32>(
  [
    -87, 88, 1.44269504, 0.693359375, 2.12194440054690581e-4, 1.984126984e-4, 1.388888889e-3, 8.333333333e-3,
    4.166666667e-2, 1.666666667e-1, 0.5, 1, 2, 2.186948854e-2, -5.396825397e-2, 1.333333333e-1, -3.333333333e-1, 0.3, 1e-20,
    12582912,
  ],
  16,
);
const bias = memory.data<i32>([127], 16);

// @ts-ignore: a decorator of AssemblyScript
@inline
function at(index: usize): v128 {
  return v128.load32_splat(table + (index << 2));
}

/** e^x: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor series of e^r to r^7, within 2e-7 of it; x is held to [-87, 88]. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function exp4(x: v128): v128 {
  const held = f32x4.pmin(f32x4.pmax(x, at(0)), at(1));
  // Added to 1.5 2^23, a small number becomes whole, and its bits are the last ones of the sum.
  const moved = f32x4.add(f32x4.mul(held, at(2)), at(19));
  const n = f32x4.sub(moved, at(19));
  // ln 2 in two parts, of which the first has few bits: n times it is exact.
  const near = f32x4.sub(held, f32x4.mul(n, at(3)));
  const r = f32x4.add(near, f32x4.mul(n, at(4)));
  let sum = f32x4.add(f32x4.mul(r, at(5)), at(6));
  sum = f32x4.add(f32x4.mul(sum, r), at(7));
  sum = f32x4.add(f32x4.mul(sum, r), at(8));
  sum = f32x4.add(f32x4.mul(sum, r), at(9));
  sum = f32x4.add(f32x4.mul(sum, r), at(10));
  sum = f32x4.add(f32x4.mul(sum, r), at(11));
  sum = f32x4.add(f32x4.mul(sum, r), at(11));
  const power = i32x4.shl(i32x4.add(moved, v128.load32_splat(bias)), 23);
  return f32x4.mul(sum, power);
}

/** 1/(1 + e^-x) */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function sigmoid4(x: v128): v128 {
  const one = at(11);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** 1 - 2/(e^2x + 1), and near zero, where that would cancel, the Taylor series to x^9; within 3e-7. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function tanh4(x: v128): v128 {
  const one = at(11);
  const far = f32x4.sub(one, f32x4.div(at(12), f32x4.add(exp4(f32x4.add(x, x)), one)));
  const s = f32x4.mul(x, x);
  let sum = f32x4.add(f32x4.mul(s, at(13)), at(14));
  sum = f32x4.add(f32x4.mul(sum, s), at(15));
  sum = f32x4.add(f32x4.mul(sum, s), at(16));
  sum = f32x4.add(f32x4.mul(sum, s), one);
  return v128.bitselect(f32x4.mul(sum, x), far, f32x4.lt(f32x4.abs(x), at(17)));
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
  return f32x4.sub(f32x4.add(x, at(18)), at(18));
}

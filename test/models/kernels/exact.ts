// Kernels in single precision, one number at a time and in the order of the kernels: their bits are the kernels' bits.

const f = Math.fround;

/** e^x as four lanes get it. */
export function exp(x: number): number {
  const held = Math.min(Math.max(x, -87), 88);
  const n = f(f(f(held * f(Math.LOG2E)) + 12582912) - 12582912);
  const r = f(f(held - f(n * f(0.693359375))) + f(n * f(2.1219444005469057e-4)));
  let sum = f(f(r * f(1.984126984e-4)) + f(1.388888889e-3));
  for (const c of [8.333333333e-3, 4.166666667e-2, 1.666666667e-1, 0.5, 1, 1]) sum = f(f(sum * r) + f(c));
  return f(sum * 2 ** n);
}

export const sigmoid = (x: number): number => f(1 / f(1 + exp(-x)));

export function tanh(x: number): number {
  if (Math.abs(x) < f(0.3)) {
    const s = f(x * x);
    let sum = f(f(s * f(2.186948854e-2)) + f(-5.396825397e-2));
    for (const c of [1.333333333e-1, -3.333333333e-1, 1]) sum = f(f(sum * s) + f(c));
    return f(sum * x);
  }
  return f(1 - f(2 / f(exp(f(x + x)) + 1)));
}

/** W[rows][columns] x of one output: every column in turn. */
export function product(w: (k: number) => number, x: readonly number[]): number {
  let sum = 0;
  x.forEach((value, k) => {
    sum = f(sum + f(w(k) * value));
  });
  return sum;
}

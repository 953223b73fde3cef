/** The same LSTM for all who are measured: weights of gate 0..3 (i, f, g, o), unit j and column k of m inputs and d units. */
export const weightOf = (gate: number, j: number, k: number, m: number, d: number): number =>
  Math.fround(0.1 * Math.sin(1 + (gate * d + j) * (m + d) + k));

/** Input k at every step. */
export const inputOf = (k: number): number => Math.fround(0.1 + 0.05 * k);

/** Rows of all gates in an order, columns from one to another, as one matrix. */
export function matrixOf(m: number, d: number, gates: readonly number[], from: number, to: number): Float32Array {
  const width = to - from;
  return Float32Array.from({ length: gates.length * d * width }, (_, i) => {
    const row = Math.floor(i / width);
    return weightOf(gates[Math.floor(row / d)], row % d, from + (i % width), m, d);
  });
}

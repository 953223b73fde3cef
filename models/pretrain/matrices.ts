import { headOf } from '../net.js';
import { inputs } from '../net-past.js';
import { cellOf, type NetShape } from '../net-shapes.js';

/** A net that is fitted: its equations, and how many horizons its head speaks of. */
export interface Fitted {
  readonly kind: NetShape['kind'];
  readonly units: number;
  readonly horizons: readonly number[];
}

/** One matrix of a net as papers write it, and where each of its numbers stands among the kernels' weights. */
export interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  at(row: number, column: number): number;
}

/**
 * The matrices of a net: rows are what goes in (inputs, then what the cell told before), columns what comes out, gate by gate
 * in the order of the kernels; complex numbers are real parts first, then imaginary ones.
 */
export function matricesOf({ kind, units: d, horizons }: Fitted): readonly Matrix[] {
  const m = inputs;
  const cell = cellOf({ kind, units: d });
  const { features } = headOf(cell, horizons);
  /** Unit j of gate g of `gates` gates, of column k of n: blocks of four units with their gates apart. */
  const apart = (g: number, j: number, k: number, gates: number, n: number) =>
    ((Math.floor(j / 4) * gates + g) * n + k) * 4 + (j % 4);
  const gated = (gates: number, from: number): Matrix => ({
    name: 'cell',
    rows: m,
    columns: gates * d,
    at: (k, column) => from + apart(Math.floor(column / d), column % d, k, gates, m),
  });
  const told = (f: number): number => {
    if (kind !== 'lru' || f >= 2 * d) return f;
    const j = f % d;
    return Math.floor(j / 4) * 8 + Math.floor(f / d) * 4 + (j % 4);
  };
  const head: Matrix = {
    name: 'head',
    rows: features,
    columns: horizons.length,
    at: (f, o) => cell.weights + (Math.floor(o / 4) * features + told(f)) * 4 + (o % 4),
  };
  switch (kind) {
    case 'lstm': {
      const n = m + d;
      const at = (k: number, column: number) => {
        const j = column % d;
        return (Math.floor(j / 4) * n + k) * 16 + Math.floor(column / d) * 4 + (j % 4);
      };
      return [{ name: 'cell', rows: n, columns: 4 * d, at }, head];
    }
    case 'min-gru':
      return [gated(2, 0), head];
    case 'min-lstm':
      return [gated(3, 0), head];
    case 'lru':
      return [
        { name: 'nu', rows: 1, columns: d, at: (_, j) => j },
        { name: 'theta', rows: 1, columns: d, at: (_, j) => d + j },
        gated(2, 2 * d),
        head,
      ];
  }
}

/** A matrix out of the kernels' weights, row by row. */
export function unpack(weight: ArrayLike<number>, { rows, columns, at }: Matrix): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, i) => weight[at(Math.floor(i / columns), i % columns)]);
}

/** A matrix into the kernels' weights. */
export function pack(values: ArrayLike<number>, { rows, columns, at }: Matrix, weight: Float32Array): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) weight[at(row, column)] = values[row * columns + column];
  }
}

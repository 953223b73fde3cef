import { f64, type Row } from '../state/layout.js';
import { kernels } from './kernels/index.js';
import type { MemoryOptions } from './model.js';
import { type Features, readout } from './readout.js';
import { lagFeatures } from './rls.js';
import { periodRowsMax, ringRows, type Series, valueAt } from './series.js';
import { univariate } from './univariate.js';

/** Polynomials of each window: the short one, and one over each period. All even, as the kernel likes rows. */
const orders = [8, 32, 48];
/** Rows of the windows; where a period is known its window is that long. */
const windows = [24, 96, 384];
const lagRows = 12;
const forget = 0.9999;
const levelRate = 0.001;

const states = orders.reduce((sum, n) => sum + n, 0);
const cells = orders.reduce((sum, n) => sum + n * (n + 1), 0);

/**
 * The Legendre memory unit of Voelker, Kajic and Eliasmith: the coefficients of the last `rows` values in n Legendre
 * polynomials, kept up to date by a linear recurrence, so a window of any length costs n numbers.
 *   m <- A m + B u,   u(t - tau) = sum_i m_i P_i(2 tau/rows - 1)
 * with A and B of dm/dt = (A m + B u)/rows held over one row (zero-order hold), from the exponential of [A B; 0 0]/rows.
 * Returns [A B] row by row, n rows of n + 1 numbers.
 */
export function legendreStep(n: number, rows: number): Float64Array {
  const size = n + 1;
  const generator = new Float64Array(size * size);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) generator[i * size + j] = ((2 * i + 1) * (i < j || (i - j) % 2 === 0 ? -1 : 1)) / rows;
    generator[i * size + n] = ((2 * i + 1) * (i % 2 === 0 ? 1 : -1)) / rows;
  }
  return exponential(generator, size).subarray(0, n * size);
}

/** e^M by its Taylor series on M/2^s, squared s times. */
function exponential(matrix: Float64Array, size: number): Float64Array {
  let largest = 0;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += Math.abs(matrix[i * size + j]);
    largest = Math.max(largest, sum);
  }
  let squarings = 0;
  let share = 1;
  while (largest * share > 0.5) {
    share /= 2;
    squarings++;
  }
  const scaled = matrix.map((x) => x * share);
  let result: Float64Array = new Float64Array(size * size);
  for (let i = 0; i < size; i++) result[i * (size + 1)] = 1;
  let term: Float64Array = result;
  for (let k = 1; k <= 16; k++) {
    term = product(term, scaled, size).map((x) => x / k);
    result = result.map((x, i) => x + term[i]);
  }
  for (let s = 0; s < squarings; s++) result = product(result, result, size);
  return result;
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      for (let j = 0; j < size; j++) out[i * size + j] += a[i * size + k] * b[k * size + j];
    }
  }
  return out;
}

/** Three Legendre memories, over a short window and one cycle of each period, beside the last values. */
export function legendreMemory() {
  const lags = lagFeatures(lagRows);
  const layout = {
    /** [A B] of every memory, and behind its coefficients the input as one number more. */
    step: f64(cells),
    state: f64(states + orders.length),
    next: f64(states),
    level: f64(),
    rows: f64(),
  };
  return {
    layout,
    size: lags.size + states,
    warmRows: lagRows,
    seasonal: true,
    start(own, series) {
      let at = 0;
      orders.forEach((n, w) => {
        own.step.set(legendreStep(n, windowOf(series, w)), at);
        at += n * (n + 1);
      });
    },
    used: () => lags.size + states,
    advance(own, series, t) {
      const now = valueAt(series, t);
      own.level[0] += Math.max(1 / ++own.rows[0], levelRate) * (now - own.level[0]);
      const u = now - own.level[0];
      let [matrix, from, to] = [own.step.byteOffset, 0, 0];
      for (const n of orders) {
        own.state[from + n] = u;
        kernels.matvec(matrix, own.state.byteOffset + from * 8, own.next.byteOffset + to * 8, n, n + 1, n + 1);
        for (let i = 0; i < n; i++) own.state[from + i] = own.next[to + i];
        matrix += n * (n + 1) * 8;
        from += n + 1;
        to += n;
      }
    },
    write(own: Row<typeof layout>, series, t, unit, x, at) {
      lags.write({}, series, t, unit, x, at, []);
      // The new coefficients stand in `next` too, without the inputs between them.
      for (let i = 0; i < states; i++) x[at + lags.size + i] = own.next[i];
    },
  } satisfies Features<typeof layout>;
}

const windowOf = ({ periods }: Series, w: number): number => (w > 0 && periods[w - 1]) || windows[w];

/**
 * Legendre memory: smooth shapes of the last hours, day and week in a few numbers each, and a readout that learns. Good
 * at smooth seasons and slow movements; sharp edges are beyond its polynomials. Cost: 61 x 61 multiply-adds per event.
 */
export function legendre(options: MemoryOptions) {
  const part = readout(legendreMemory(), { ...options, forget });
  return univariate('legendre', 1, options, ringRows(periodRowsMax, options), part);
}

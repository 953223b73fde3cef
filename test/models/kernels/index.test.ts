import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { even, kernels, packedLength } from '../../../models/kernels/index.js';
import { arena } from '../../../state/arena.js';

/** Numbers in the kernels' memory, `shift` bytes off every alignment. */
function numbers(values: ArrayLike<number>, shift = 0): Float64Array {
  // Views must be aligned to 8 bytes; shifts of 8 still leave vectors of 16 unaligned.
  const at = arena.take(values.length * 8 + 64) + shift;
  const view = new Float64Array(arena.buffer, at, values.length);
  view.set(values);
  return view;
}

function floats(values: ArrayLike<number>, shift = 0): Float32Array {
  const at = arena.take(values.length * 4 + 64) + shift;
  const view = new Float32Array(arena.buffer, at, values.length);
  view.set(values);
  return view;
}

function integers(count: number): Int32Array {
  const at = arena.take(count * 4);
  return new Int32Array(arena.buffer, at, count);
}

/** Numbers between -1 and 1, the same every time. */
function noise(count: number, seed = 1): Float64Array {
  let state = seed * 2654435761 + 1;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 97, 112];
const shifts = [0, 8, 24, 40];

/** The order of sums that dense.ts promises. */
function dotInOrder(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  const part = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= n; i += 4) for (let l = 0; l < 4; l++) part[l] += a[i + l] * b[i + l];
  for (let l = 0; i + 2 <= n && l < 2; l++) part[l] += a[i + l] * b[i + l];
  if (i + 2 <= n) i += 2;
  const sum = part[0] + part[2] + (part[1] + part[3]);
  return i < n ? sum + a[i] * b[i] : sum;
}

describe('the interface', () => {
  test('names exactly what the module exports', () => {
    const source = readFileSync(new URL('../../../models/kernels/index.ts', import.meta.url), 'utf8');
    const body = source.slice(source.indexOf('interface Kernels {'), source.indexOf('\n}\n'));
    const declared = [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name);
    const exported = Object.entries(kernels).flatMap(([name, part]) => (typeof part === 'function' ? [name] : []));
    expect(declared.length).toBeGreaterThan(15);
    expect(declared.sort()).toEqual(exported.sort());
  });

  test('lengths of packed matrices', () => {
    expect([0, 2, 4, 6].map(packedLength)).toEqual([0, 4, 12, 24]);
    expect([0, 1, 2, 97].map(even)).toEqual([0, 2, 2, 98]);
  });
});

describe('math', () => {
  test('agrees with the platform to a few units in the last place', () => {
    for (const x of [...noise(500, 3)].map((u) => u * 20)) {
      for (const name of ['exp', 'expm1', 'sin', 'cos', 'tanh'] as const) {
        const error = Math.abs(kernels[name](x) - Math[name](x));
        expect(error, `${name}(${x})`).toBeLessThanOrEqual(4e-16 * Math.max(Math.abs(Math[name](x)), 1e-3));
      }
      const y = Math.abs(x) + 1e-9;
      expect(Math.abs(kernels.log(y) - Math.log(y))).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(Math.log(y))));
      expect(Math.abs(kernels.log1p(y) - Math.log1p(y))).toBeLessThanOrEqual(1e-15 * Math.log1p(y));
      expect(Math.abs(kernels.pow(y, 1.7) / y ** 1.7 - 1)).toBeLessThan(1e-14);
    }
  });

  test('erfc has the values of Python math.erfc', () => {
    // python3 -c "import math; print([(x, math.erfc(x)) for x in (...)])"
    const known = [
      [0, 1],
      [0.5, 0.4795001221869535],
      [1, 0.15729920705028513],
      [1.9, 0.0072095707647425325],
      [2, 0.004677734981047265],
      [2.5, 0.0004069520174449589],
      [5, 1.5374597944280351e-12],
      [10, 2.088487583762545e-45],
      [20, 5.3958656116079005e-176],
      [-1, 1.8427007929497148],
      [-3, 1.9999779095030015],
    ];
    for (const [x, y] of known) {
      const exact = Math.abs(kernels.erfc(x) - y);
      expect(exact, `erfc(${x})`).toBeLessThan(x < 2 ? 1e-14 : 1e-13 * y);
    }
    expect(kernels.erfc(30)).toBe(0);
    expect(kernels.erfc(-30)).toBe(2);
    expect(kernels.erfc(Number.NaN)).toBeNaN();
  });
});

describe('dense', () => {
  test('dot, matvec and axpy are bit for bit what their sums say, at all sizes and addresses', () => {
    for (const n of sizes) {
      for (const shift of shifts) {
        const a = numbers(noise(n, 1), shift);
        const b = numbers(noise(n, 2), 8);
        expect(kernels.dot(a.byteOffset, b.byteOffset, n)).toBe(dotInOrder(a, b));

        const y = numbers(noise(n, 3), shift);
        const sum = y.map((value, i) => value + 0.37 * a[i]);
        kernels.axpy(a.byteOffset, y.byteOffset, n, 0.37);
        expect(y).toEqual(sum);

        for (const rows of [0, 1, 2, 3, 5]) {
          const stride = n + (shift >> 3);
          const matrix = numbers(noise(rows * stride, 4), shift);
          const out = numbers(new Float64Array(rows + 1).fill(7), shift);
          kernels.matvec(matrix.byteOffset, b.byteOffset, out.byteOffset, rows, n, stride);
          for (let r = 0; r < rows; r++) {
            expect(out[r]).toBe(dotInOrder(matrix.slice(r * stride, r * stride + n), b));
          }
          expect(out[rows]).toBe(7);
        }
      }
    }
  });
});

/** A packed matrix written out. */
function unpack(packed: Float64Array, n: number): number[][] {
  const rowAt = (i: number) => 2 * (i >> 1) * ((i >> 1) + 1) + (i & 1) * (2 * (i >> 1) + 2);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => packed[i >= j ? rowAt(i) + j : rowAt(j) + i]),
  );
}

describe('rls', () => {
  const identity = (n: number, scale: number): number[][] =>
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? scale : 0)));

  /** One update by the textbook, on a full matrix, with the leak after it. */
  function observe(p: number[][], x: ArrayLike<number>, lambda: number, w: number, j: number, cap: number) {
    const n = p.length;
    const z = p.map((row) => row.reduce((sum, cell, c) => sum + cell * x[c], 0));
    const r = z.reduce((sum, cell, c) => sum + cell * x[c], 0);
    const k = z.map((cell) => (w * cell) / (lambda + w * r));
    for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) p[a][b] = (p[a][b] - k[a] * z[b]) / lambda;
    const q = p.map((row) => row[j]);
    const leaked = q[j] > cap;
    if (leaked) {
      for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) p[a][b] -= (q[a] * q[b] * (1 - cap / q[j])) / q[j];
    }
    return { k, r, leaked };
  }

  // The kernel sums P x in two lanes and row pairs, the reference left to right: equal to rounding, not to the bit.
  // Every update starts from the kernel's own P, so that rounding does not add up.
  test.each([2, 4, 6, 10, 24, 98])('%i features: an update is the textbook one, with leak and weight', (n) => {
    let leaks = 0;
    for (const shift of [0, 8]) {
      const p = numbers(new Float64Array(packedLength(n)).fill(5), shift);
      const k = numbers(new Float64Array(n), shift);
      kernels.rlsInit(p.byteOffset, n, n, 2);
      expect(unpack(p, n)).toEqual(identity(n, 2));
      for (let t = 0; t < 200; t++) {
        const x = numbers(noise(n, t + 1), shift);
        if (t % 50 > 10) x.fill(0, n >> 1); // so that some directions lie still and the leak is needed
        const w = t % 3 === 0 ? 0.4 : 1;
        const full = unpack(p, n);
        const expected = observe(full, x, 0.95, w, t % n, 2);
        if (expected.leaked) leaks++;
        const r = kernels.rlsObserve(p.byteOffset, x.byteOffset, k.byteOffset, n, 0.95, w, t % n, 2);
        expect(Math.abs(r - expected.r)).toBeLessThan(1e-12);
        expected.k.forEach((value, i) => void expect(Math.abs(k[i] - value)).toBeLessThan(1e-13));
        const got = unpack(p, n);
        const apart = got.map((row, i) => Math.max(...row.map((cell, j) => Math.abs(cell - full[i][j]))));
        expect(Math.max(...apart)).toBeLessThan(1e-12);
      }
    }
    expect(leaks).toBeGreaterThan(10);
  });

  test('the upper cells of the diagonal blocks are copies of the lower ones', () => {
    const n = 8;
    const p = numbers(new Float64Array(packedLength(n)));
    const k = numbers(new Float64Array(n));
    kernels.rlsInit(p.byteOffset, n, n, 1);
    for (let t = 0; t < 50; t++) {
      kernels.rlsObserve(p.byteOffset, numbers(noise(n, t)).byteOffset, k.byteOffset, n, 0.9, 1, t % n, 1);
    }
    for (let m = 0; m < n / 2; m++) {
      const upper = 2 * m * (m + 1) + 2 * m + 1;
      expect(p[upper]).toBe(p[upper + 2 * m + 1]);
    }
  });

  test('features that are not used stay out: zero variance, zero gain', () => {
    const n = 6;
    const p = numbers(new Float64Array(packedLength(n)));
    const k = numbers(new Float64Array(n));
    kernels.rlsInit(p.byteOffset, n, 5, 1);
    for (let t = 0; t < 20_000; t++) {
      kernels.rlsObserve(p.byteOffset, numbers([...noise(5, t), 0]).byteOffset, k.byteOffset, n, 0.95, 1, t % n, 1);
    }
    expect(k[5]).toBe(0);
    expect(unpack(p, n).every((row) => row.every(Number.isFinite))).toBe(true);
  });

  test('a P that rounding has spoiled starts again, with no gain', () => {
    const n = 6;
    const p = numbers(new Float64Array(packedLength(n)));
    const k = numbers(new Float64Array(n).fill(1));
    const x = numbers([1, -1, 2, 0.5, 1, 0]);
    for (const bad of [-100, Number.NaN, 1e300]) {
      kernels.rlsInit(p.byteOffset, n, 5, 1);
      p.set([bad], 0);
      kernels.rlsObserve(p.byteOffset, numbers(x.map((u) => 9 * u)).byteOffset, k.byteOffset, n, 0.99, 1, 0, 3);
      expect([...k]).toEqual([0, 0, 0, 0, 0, 0]);
      expect(unpack(p, n)).toEqual(identity(n, 3).map((row, i) => row.map((cell) => (i < 5 ? cell : 0))));
    }
  });

  test('P stays bounded over a million events that say nothing new, and learns again afterwards', () => {
    // lambda 0.98, constant input, then exciting inputs with other weights.
    const n = 10;
    const p = numbers(new Float64Array(packedLength(n)));
    const k = numbers(new Float64Array(n));
    const x = numbers(new Float64Array(n).fill(1));
    kernels.rlsInit(p.byteOffset, n, n, 1);
    for (let t = 0; t < 1_000_000; t++) {
      kernels.rlsObserve(p.byteOffset, x.byteOffset, k.byteOffset, n, 0.98, 1, t % n, 1);
    }
    const largest = Math.max(...unpack(p, n).map((row, i) => row[i]));
    expect(largest).toBeLessThan(0.98 ** -n);
    const weights = numbers(new Float64Array(n));
    let late = 0;
    for (let t = 0; t < 300; t++) {
      x.set(noise(n, t + 1));
      const y = x.reduce((sum, value, i) => sum + value * (i - 4), 0);
      const error = y - kernels.dot(weights.byteOffset, x.byteOffset, n);
      if (t >= 200) late += Math.abs(error) / 100;
      kernels.rlsObserve(p.byteOffset, x.byteOffset, k.byteOffset, n, 0.98, 1, t % n, 1);
      kernels.axpy(k.byteOffset, weights.byteOffset, n, error);
    }
    expect(late).toBeLessThan(0.3); // of 3 at first
  });
});

describe('nearest', () => {
  const width = 6;
  const capacity = 32;
  const squares = (series: readonly number[], t: number, lag: number, weight: (j: number) => number): number => {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const gap = (series[t - j] ?? 0) - (series[t - j - lag] ?? 0);
      if (t - j - lag >= 0) sum += weight(j) * gap * gap;
    }
    return sum;
  };

  /** Runs a series through the ring and gives each row's distances to `look`. */
  function run(
    series: readonly number[],
    look: (t: number, d: Float32Array, y: Float64Array, slot: number, whole: number) => void,
  ): void {
    for (const shift of [0, 8]) {
      const d = floats(new Float32Array(capacity), shift);
      const y = numbers(new Float64Array(capacity), shift);
      const lagsMax = capacity - width - 2;
      series.forEach((value, t) => {
        const slot = ~t & (capacity - 1);
        y[slot] = value;
        const lags = Math.min(t, lagsMax);
        const both = Math.max(0, Math.min(t - width, lagsMax));
        kernels.nearestUpdate(d.byteOffset, y.byteOffset, slot, capacity, width, lags, both);
        look(t, d, y, slot, Math.max(0, Math.min(t - width + 1, lagsMax)));
      });
    }
  }

  const series = [...noise(300, 5)].map((u, i) => u + Math.sin(i / 3));

  test('the running distance is the distance, also while the ring fills', () => {
    let looked = 0;
    run(series, (t, d, _y, _slot, whole) => {
      for (let lag = 1; lag <= whole; lag++) {
        expect(Math.abs(d[lag - 1] - squares(series, t, lag, () => 1))).toBeLessThan(1e-6 * (t + 1));
        looked++;
      }
    });
    expect(looked).toBeGreaterThan(10_000);
  });

  test('a spike of 1e9 leaves no trace once it has passed', () => {
    const spiked = series.map((value, t) => (t === 100 || t === 107 ? 1e9 : value));
    run(spiked, (t, d, _y, _slot, whole) => {
      for (let lag = 1; lag <= whole; lag++) {
        const exact = squares(spiked, t, lag, () => 1);
        expect(Math.abs(d[lag - 1] - exact)).toBeLessThan(1e-3 * Math.max(exact, 1e-2));
      }
    });
  });

  test('refreshing sums the terms anew: pairs of them, newest first', () => {
    run(series, (t, d, y, slot, whole) => {
      if (whole < 5) return;
      d.fill(-1);
      kernels.nearestRefresh(d.byteOffset, y.byteOffset, slot, capacity, width, 1, whole);
      for (let lag = 1; lag <= whole; lag++) {
        const lane = [0, 0];
        for (let j = 0; j < width; j++) {
          const gap = series[t - j] - series[t - j - lag];
          lane[j & 1] += gap * gap;
        }
        expect(d[lag - 1]).toBe(Math.fround(lane[0] + lane[1]));
      }
      expect(d[whole]).toBe(-1);
    });
  });

  test.each([1, 3, 8, 40])('the %i nearest are those that sorting gives, whatever was known before', (k) => {
    const lags = integers(k);
    const distances = numbers(new Float64Array(k));
    for (const n of [0, 1, 2, 15, 16, 17, 63, 64, 65, 500]) {
      for (const first of [1, 2, 6]) {
        // Few different distances, so that many are equal.
        const d = floats([...noise(n, n + 1)].map((u) => Math.abs(Math.round(u * 20))));
        const sorted = [...d.keys()]
          .slice(first - 1)
          .sort((a, b) => d[a] - d[b] || a - b)
          .slice(0, k)
          .map((i) => i + 1);
        for (const before of ['nothing', 'the answer', 'others']) {
          // What the list may hold: different lags, as many as it takes.
          if (before === 'others') for (let i = 0; i < k; i++) lags[i] = n - i;
          const known = before === 'nothing' ? 0 : before === 'the answer' ? sorted.length : k;
          const d0 = d.byteOffset;
          const found = kernels.nearestFind(d0, lags.byteOffset, distances.byteOffset, first, n, k, known);
          expect(found).toBe(sorted.length);
          expect([...lags.slice(0, found)]).toEqual(sorted);
          expect([...distances.slice(0, found)]).toEqual(sorted.map((lag) => d[lag - 1]));
        }
      }
    }
  });

  test('ranking weighs the terms and sorts', () => {
    const weight = numbers([5, 4, 3, 2, 1, 0.5]);
    const lags = integers(4);
    const distances = numbers(new Float64Array(4));
    let looked = 0;
    run(series, (t, _d, y, slot, whole) => {
      if (whole < 20) return;
      lags.set([3, 20, 7, 11]);
      const { byteOffset: l } = lags;
      kernels.nearestRank(y.byteOffset, weight.byteOffset, l, distances.byteOffset, slot, capacity, width, 4);
      const exact = [3, 20, 7, 11].map((lag) => [squares(series, t, lag, (j) => weight[j]), lag]);
      exact.sort((a, b) => a[0] - b[0]);
      expect([...lags]).toEqual(exact.map(([, lag]) => lag));
      exact.forEach(([distance], i) => void expect(Math.abs(distances[i] - distance)).toBeLessThan(1e-12));
      looked++;
    });
    expect(looked).toBeGreaterThan(100);
  });
});

describe('resonator', () => {
  test('is the complex recurrence bit for bit', () => {
    for (const n of [1, 2, 3, 8, 25]) {
      for (const shift of [0, 8]) {
        const [re, im, gamma, xRe, xIm] = [1, 2, 3, 4, 5].map((seed) => numbers(noise(n, seed), shift));
        const expected = Array.from({ length: n }, (_, i) => [
          re[i] * xRe[i] - im[i] * xIm[i] + gamma[i] * 0.7,
          re[i] * xIm[i] + im[i] * xRe[i],
        ]);
        const [a, b, g, p, q] = [re, im, gamma, xRe, xIm].map((view) => view.byteOffset);
        kernels.resonate(a, b, g, p, q, n, 0.7);
        expect([...xRe.keys()].map((i) => [xRe[i], xIm[i]])).toEqual(expected);
      }
    }
  });
});

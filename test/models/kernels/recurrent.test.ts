import { describe, expect, test } from 'vitest';
import { kernels } from '../../../models/kernels/index.js';
import { product, sigmoid, tanh } from './exact.js';
import { apart, draws, floats, slopes, words } from './floats.js';
import { byParts, type LstmState, lruStep, lstmAt, lstmStep, minGruStep, minLstmStep } from './naive.js';

describe('functions of four numbers at once', () => {
  const points = Array.from({ length: 4000 }, (_, i) => -100 + i * 0.05);
  const close = [...points, ...draws(4000, 3, 2), ...draws(400, 4, 1e-4), 0, -0, 0.3, -0.3];
  const mapped = (kernel: 'exps' | 'sigmoids' | 'tanhs', values: number[]) => {
    const x = floats(values, 1);
    const y = floats(values.length, 3);
    kernels[kernel](x.byteOffset, y.byteOffset, values.length);
    return Array.from(x, (value, i) => [value, y[i]]);
  };
  test('e^x is within 2e-7 of its value, and held at the ends', () => {
    for (const [x, y] of mapped('exps', close)) {
      const real = Math.exp(Math.max(-87, Math.min(88, x)));
      expect(Math.abs(y - real), `${x}`).toBeLessThanOrEqual(2.5e-7 * real);
    }
    expect(mapped('exps', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30]).map(([, y]) => y)).toEqual(
      mapped('exps', [88, -87, 88, -87]).map(([, y]) => y),
    );
  });
  test('the logistic function and tanh, near zero too', () => {
    for (const [x, y] of mapped('sigmoids', close)) expect(Math.abs(y - 1 / (1 + Math.exp(-x)))).toBeLessThan(2e-7);
    for (const [x, y] of mapped('tanhs', close)) {
      const real = Math.tanh(x);
      expect(Math.abs(y - real), `${x}`).toBeLessThanOrEqual(Math.min(3e-7, 1e-6 * Math.abs(real)));
    }
  });
  test('their bits are those of every machine', () => {
    const words = (kernel: 'exps' | 'sigmoids' | 'tanhs') => {
      const values = mapped(kernel, draws(64, 9, 5)).map(([, y]) => y);
      return Array.from(new Uint32Array(Float32Array.from(values).buffer)).reduce(
        (hash, word) => (Math.imul(hash, 31) + word) >>> 0,
        7,
      );
    };
    expect([words('exps'), words('sigmoids'), words('tanhs')]).toMatchInlineSnapshot(`
      [
        550232866,
        2904838216,
        3009600154,
      ]
    `);
  });
  test.each([1, 3, 4, 9])('softmax of %i numbers', (n) => {
    const values = draws(n, n, 30);
    const x = floats(values, 1);
    const y = floats(n, 1);
    kernels.softmax(x.byteOffset, y.byteOffset, n);
    const top = Math.max(...values);
    const sum = values.reduce((all, value) => all + Math.exp(value - top), 0);
    values.forEach((value, i) => {
      expect(y[i]).toBeCloseTo(Math.exp(value - top) / sum, 5);
    });
  });
});

test('Adam moves weights as its paper does', () => {
  const n = 12;
  const w = floats(draws(n, 1));
  const [m, s] = [floats(n), floats(n)];
  const naive = { w: Array.from(w), m: new Array(n).fill(0), s: new Array(n).fill(0) };
  for (let t = 1; t <= 30; t++) {
    const g = floats(draws(n, 10 + t));
    const unbiased = Math.sqrt(1 - 0.999 ** t);
    kernels.adam(
      w.byteOffset,
      m.byteOffset,
      s.byteOffset,
      g.byteOffset,
      n,
      0.5,
      (0.01 * unbiased) / (1 - 0.9 ** t),
      1e-8 * unbiased,
    );
    for (let i = 0; i < n; i++) {
      naive.m[i] = 0.9 * naive.m[i] + 0.1 * 0.5 * g[i];
      naive.s[i] = 0.999 * naive.s[i] + 0.001 * (0.5 * g[i]) ** 2;
      naive.w[i] -= (0.01 * naive.m[i]) / (1 - 0.9 ** t) / (Math.sqrt(naive.s[i] / (1 - 0.999 ** t)) + 1e-8);
    }
    expect(kernels.squares(g.byteOffset, n)).toBeCloseTo(
      g.reduce((all, x) => all + x * x, 0),
      5,
    );
  }
  expect(apart(w, naive.w)).toBeLessThan(1e-5);
});

describe.each([
  [4, 4],
  [8, 12],
  [12, 32],
])('LSTM of %i inputs and %i units', (m, d) => {
  const n = m + d;
  const stride = n + 6 * d;
  const slots = 5;
  const steps = 13;
  const lines = 3;
  const weights = draws(4 * d * n, 5, 1 / Math.sqrt(n));
  const inputs = Array.from({ length: steps }, (_, t) => [1, ...draws(m - 1, 20 + t)]);
  const w = floats(weights, 1);
  const [c, h] = [floats(d), floats(d)];
  const ring = floats(slots * stride);
  const past: LstmState[] = [{ c: new Array(d).fill(0), h: new Array(d).fill(0) }];
  inputs.forEach((u, t) => {
    ring.set(u, (t % slots) * stride);
    kernels.lstmStep(w.byteOffset, c.byteOffset, h.byteOffset, ring.byteOffset + 4 * (t % slots) * stride, m, d);
    past.push(lstmStep(w, past[t], u));
  });
  test('steps as its equations do', () => {
    expect(apart(h, past[steps].h)).toBeLessThan(1e-5);
    expect(apart(c, past[steps].c)).toBeLessThan(1e-5);
  });
  test.each([1, 3, slots])('its gradient over %i steps is that of finite differences', (back) => {
    const blame = floats(draws(lines * d, 8));
    const delta = floats(4 * d * back);
    const gradient = floats(4 * d * n);
    const newest = (steps - 1) % slots;
    kernels.lstmBack(
      w.byteOffset,
      ring.byteOffset,
      blame.byteOffset,
      delta.byteOffset,
      newest,
      back,
      slots,
      lines,
      m,
      d,
    );
    const at = [ring.byteOffset, delta.byteOffset, gradient.byteOffset] as const;
    const squares = kernels.lstmGradient(...at, newest, back, slots, m, d);
    expect(squares).toBe(kernels.squares(gradient.byteOffset, gradient.length));
    const loss = (moved: Float64Array): number => {
      let sum = 0;
      let state = past[steps - back];
      for (let ago = back - 1; ago >= 0; ago--) {
        state = lstmStep(moved, state, inputs[steps - 1 - ago]);
        const own = blame.subarray(ago * d);
        if (ago < lines) sum = state.h.reduce((all, x, j) => all + own[j] * x, sum);
      }
      return sum;
    };
    // A part of the weights is enough where there are many: every 7th.
    const all = Float64Array.from(w);
    const some = Array.from({ length: all.length }, (_, i) => i).filter((i) => d < 32 || i % 7 === 0);
    const chosen = slopes(
      Float64Array.from(some, (i) => all[i]),
      (moved) => {
        const whole = all.slice();
        some.forEach((i, at) => {
          whole[i] = moved[at];
        });
        return loss(whole);
      },
    );
    expect(
      apart(
        some.map((i) => gradient[i]),
        chosen,
      ),
    ).toBeLessThan(1e-4);
  });
});

describe.each([
  ['minGRU', 2, minGruStep, kernels.minGruStep],
  ['minLSTM', 3, minLstmStep, kernels.minLstmStep],
] as const)('%s', (_, gates, naive, kernel) => {
  test.each([
    [4, 4],
    [12, 8],
  ])('with %i inputs and %i units steps, and its traces give the whole gradient', (n, d) => {
    const weights = draws(gates * d * n, 6);
    const steps = 25;
    const inputs = Array.from({ length: steps }, (_, t) => [1, ...draws(n - 1, 40 + t)]);
    const w = floats(weights, 1);
    const [h, keep, a, e] = [floats(d), floats(d), floats(gates * d), floats(gates * d * n)];
    for (const values of inputs) {
      const u = floats(values, 1);
      kernels.blockProduct(w.byteOffset, u.byteOffset, a.byteOffset, (gates * d) / 4, n);
      kernel(h.byteOffset, a.byteOffset, keep.byteOffset, d);
      kernels.gateTraces(e.byteOffset, keep.byteOffset, a.byteOffset, u.byteOffset, d, n, gates);
    }
    const run = (moved: ArrayLike<number>) => inputs.reduce((state, u) => naive(moved, state, u), new Array(d).fill(0));
    expect(apart(h, run(w))).toBeLessThan(1e-5);
    const delta = floats(draws(d, 9));
    const gradient = floats(gates * d * n);
    kernels.gateGradient(e.byteOffset, delta.byteOffset, gradient.byteOffset, d, n, gates);
    const expected = slopes(Float64Array.from(w), (moved) => run(moved).reduce((sum, x, j) => sum + delta[j] * x, 0));
    expect(apart(gradient, expected)).toBeLessThan(1e-4);
  });
});

test.each([
  [4, 4],
  [12, 8],
])('LRU with %i inputs and %i units steps, and its traces give the whole gradient', (n, d) => {
  const steps = 25;
  const inputs = Array.from({ length: steps }, (_, t) => [1, ...draws(n - 1, 60 + t)]);
  const w = floats([...draws(d, 1).map((x) => x - 1.5), ...draws(d, 2), ...draws(2 * d * n, 3)]);
  const [pole, gamma, speed] = [floats(2 * d), floats(d), floats(d)];
  const [x, e, s, a] = [floats(2 * d), floats(2 * d), floats(2 * d * n), floats(2 * d)];
  const at = w.byteOffset;
  kernels.lruPoles(at, at + 4 * d, pole.byteOffset, gamma.byteOffset, speed.byteOffset, d);
  for (const values of inputs) {
    const u = floats(values).byteOffset;
    kernels.blockProduct(at + 8 * d, u, a.byteOffset, d / 2, n);
    kernels.lruStep(pole.byteOffset, gamma.byteOffset, x.byteOffset, e.byteOffset, s.byteOffset, a.byteOffset, u, d, n);
  }
  const still: [number, number][] = Array.from({ length: d }, () => [0, 0]);
  const run = (moved: ArrayLike<number>) => byParts(inputs.reduce((state, u) => lruStep(moved, state, u), still));
  expect(apart(x, run(w))).toBeLessThan(1e-5);
  const delta = floats(draws(2 * d, 9));
  const g = floats(2 * d + 2 * d * n);
  kernels.lruGradient(
    pole.byteOffset,
    gamma.byteOffset,
    speed.byteOffset,
    at + 8 * d,
    e.byteOffset,
    s.byteOffset,
    delta.byteOffset,
    g.byteOffset,
    g.byteOffset + 4 * d,
    g.byteOffset + 8 * d,
    d,
    n,
  );
  const expected = slopes(Float64Array.from(w), (moved) => run(moved).reduce((sum, x, j) => sum + delta[j] * x, 0));
  expect(apart(g, expected)).toBeLessThan(1e-4);
});

test('a layer of diagonal state spaces steps as its equations do', () => {
  const [channels, states, steps] = [3, 8, 20];
  const p = floats(draws(channels * states * 6, 1, 0.6), 1);
  const [x, y] = [floats(channels * states * 2), floats(channels)];
  const still = () => Array.from({ length: channels * states }, () => [0, 0]);
  const naive = still();
  for (let t = 0; t < steps; t++) {
    const u = floats(draws(channels, 30 + t));
    kernels.diagonalLayer(p.byteOffset, x.byteOffset, u.byteOffset, y.byteOffset, channels, states);
    const read = new Array(channels).fill(0);
    naive.forEach(([re, im], i) => {
      const [lRe, lIm, bRe, bIm, cRe, cIm] = [0, 1, 2, 3, 4, 5].map((part) => p[(i >> 2) * 24 + part * 4 + (i & 3)]);
      const c = Math.floor(i / states);
      naive[i] = [lRe * re - lIm * im + bRe * u[c], lRe * im + lIm * re + bIm * u[c]];
      read[c] += cRe * naive[i][0] - cIm * naive[i][1];
    });
    expect(apart(y, read)).toBeLessThan(1e-5);
  }
});

describe('many series with the same weights take their steps at once', () => {
  const [m, d] = [12, 20];
  const counts = [1, 2, 3, 4, 7];
  /** Series with states and inputs, twice: for one call, and one by one. */
  const seriesOf = (count: number, state: number) =>
    [0, 1].map(() =>
      Array.from({ length: count }, (_, i) => ({
        state: floats(draws(state, 70 + i), i),
        input: floats([1, ...draws(m - 1, 90 + i)], i),
      })),
    );
  const bits = (series: readonly { state: Float32Array }[]) =>
    series.map(({ state }) => [...new Uint32Array(Float32Array.from(state).buffer)]);
  const tableOf = (series: readonly { state: Float32Array; input: Float32Array }[]) =>
    words(series.flatMap(({ state, input }) => [state.byteOffset, input.byteOffset])).byteOffset;

  test.each(counts)('LSTM: %i at once are bit for bit those alone, and those of plain single precision', (count) => {
    const n = m + d;
    const w = floats(draws(4 * d * n, 5, 0.5));
    const [many, alone] = seriesOf(count, 2 * d);
    const before = alone.map(({ state }) => [...state]);
    const slots = floats(count * (m + 7 * d));
    kernels.lstmStepMany(w.byteOffset, tableOf(many), slots.byteOffset, count, m, d);
    const slot = floats(m + 7 * d);
    alone.forEach(({ state, input }, i) => {
      slot.set(input);
      kernels.lstmStep(w.byteOffset, state.byteOffset + 4 * d, state.byteOffset, slot.byteOffset, m, d);
      const v = [...input, ...before[i].slice(0, d)];
      const f = Math.fround;
      for (let j = 0; j < d; j++) {
        const sum = (gate: number) => product((k) => w[lstmAt(j, gate, k, n)], v);
        const c = f(f(sigmoid(sum(1)) * before[i][d + j]) + f(sigmoid(sum(0)) * tanh(sum(2))));
        expect(state[d + j]).toBe(c);
        expect(state[j]).toBe(f(sigmoid(sum(3)) * tanh(c)));
      }
    });
    expect(bits(many)).toEqual(bits(alone));
  });

  test.each([
    ['minGRU', 2, kernels.minGruStep],
    ['minLSTM', 3, kernels.minLstmStep],
  ] as const)('%s', (_, gates, step) => {
    const w = floats(draws(gates * d * m, 6));
    const room = floats(d * (gates + 1));
    for (const count of counts) {
      const [many, alone] = seriesOf(count, d);
      kernels.minStepMany(w.byteOffset, tableOf(many), room.byteOffset, count, d, m, gates);
      for (const { state, input } of alone) {
        kernels.blockProduct(w.byteOffset, input.byteOffset, room.byteOffset, (gates * d) / 4, m);
        step(state.byteOffset, room.byteOffset, room.byteOffset + 4 * gates * d, d);
      }
      expect(bits(many)).toEqual(bits(alone));
    }
  });

  test('LRU', () => {
    const w = floats([...draws(d, 1).map((x) => x - 1.5), ...draws(d, 2), ...draws(2 * d * m, 3)]);
    const [pole, gamma, speed, room] = [floats(2 * d), floats(d), floats(d), floats(2 * d)];
    const [e, s] = [floats(2 * d), floats(2 * d * m)];
    const at = w.byteOffset;
    kernels.lruPoles(at, at + 4 * d, pole.byteOffset, gamma.byteOffset, speed.byteOffset, d);
    for (const count of counts) {
      const [many, alone] = seriesOf(count, 2 * d);
      const table = tableOf(many);
      kernels.lruStepMany(pole.byteOffset, gamma.byteOffset, at + 8 * d, table, room.byteOffset, count, d, m);
      for (const { state, input } of alone) {
        const [x, u] = [state.byteOffset, input.byteOffset];
        kernels.blockProduct(at + 8 * d, u, room.byteOffset, d / 2, m);
        kernels.lruStep(pole.byteOffset, gamma.byteOffset, x, e.byteOffset, s.byteOffset, room.byteOffset, u, d, m);
      }
      expect(bits(many)).toEqual(bits(alone));
    }
  });
});

test('a head that was wrong blames what it was told, and adds its gradient', () => {
  const [blocks, outputs, n] = [2, 8, 12];
  const w = floats(draws(4 * blocks * n, 1));
  const [x, e, g] = [floats(draws(n, 2)), floats(draws(4 * blocks, 3)), floats(draws(4 * blocks * n, 4))];
  const before = [...g];
  const blame = floats(outputs);
  const args = [w, x, e, blame, g].map(({ byteOffset }) => byteOffset) as [number, number, number, number, number];
  kernels.headBack(...args, blocks, outputs, n);
  const at = (o: number, k: number) => ((o >> 2) * n + k) * 4 + (o & 3);
  for (let k = 0; k < n; k++) {
    for (let o = 0; o < 4 * blocks; o++) expect(g[at(o, k)]).toBeCloseTo(before[at(o, k)] + e[o] * x[k], 6);
    const slope = e.reduce((sum, own, o) => sum + own * w[at(o, k)], 0);
    if (k < outputs) expect(blame[k]).toBeCloseTo(slope, 5);
  }
});

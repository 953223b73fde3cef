import { describe, expect, test } from 'vitest';
import { leastSquares } from '../../models/least-squares.js';
import { Slab } from '../../state/slab.js';
import { noise } from './lab.js';

const open = (horizons: readonly number[], forget = 1, features = 3) => {
  const squares = leastSquares({ features, horizons, forget, clip: 4 });
  const slab = new Slab(squares.layout);
  return { squares, own: slab.row(slab.add()) };
};

/** Ridge regression on the rows so far, by elimination: what least squares must give when nothing is forgotten. */
function ridge(x: readonly (readonly number[])[], y: readonly number[]): number[] {
  const n = x[0].length;
  const a = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) => x.reduce((sum, row) => sum + row[i] * row[j], i === j ? 1 : 0)),
    x.reduce((sum, row, t) => sum + row[i] * y[t], 0),
  ]);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const factor = a[j][i] / a[i][i];
      for (let k = i; k <= n; k++) a[j][k] -= factor * a[i][k];
    }
  }
  return a.map((row, i) => row[n] / row[i]);
}

describe('least squares', () => {
  test('every horizon is ridge regression on the origins whose label has come', () => {
    const horizons = [1, 4, 9];
    const { squares, own } = open(horizons);
    squares.start(own, 3, 1);
    const raw = noise(3000, 1);
    const x = Array.from({ length: 500 }, (_, t) => [raw[3 * t], raw[3 * t + 1], 0.5]);
    const label = (origin: number, i: number) => (i + 1) * x[origin][0] - x[origin][1] + 0.2 * raw[origin + 2000];
    for (let t = 0; t < 500; t++) {
      horizons.forEach((h, i) => {
        if (t >= h) squares.learn(own, t, i, label(t - h, i));
      });
      own.features.set(x[t], squares.line(t));
      squares.observe(own, t, true);
      if (t % 100 !== 99) continue;
      horizons.forEach((h, i) => {
        const origins = x.slice(0, t - h + 1);
        const exact = ridge(
          origins,
          origins.map((_, origin) => label(origin, i)),
        );
        // No error is clipped here: they are much alike.
        const forecast = exact.reduce((sum, w, j) => sum + w * x[t][j], 0);
        expect(Math.abs(squares.forecast(own, t, i) - forecast)).toBeLessThan(1e-9);
      });
    }
  });

  test('one absurd label moves the weights no more than four usual errors', () => {
    const { squares, own } = open([1]);
    squares.start(own, 3, 1);
    const raw = noise(1000, 2);
    const run = (t: number, label: number): number => {
      squares.learn(own, t, 0, label);
      own.features.set([raw[t], raw[t + 300], 1], squares.line(t));
      squares.observe(own, t, true);
      return own.weights[2];
    };
    for (let t = 0; t < 300; t++) run(t, raw[t + 500]);
    const before = own.weights[2];
    expect(Math.abs(run(300, 1e9) - before)).toBeLessThan(0.02);
  });

  test('filled rows and missing labels teach nothing', () => {
    const { squares, own } = open([1]);
    squares.start(own, 3, 1);
    own.features.set([1, 2, 3], squares.line(0));
    squares.observe(own, 0, false);
    squares.learn(own, 1, 0, 5);
    own.features.set([1, 2, 3], squares.line(1));
    squares.observe(own, 1, true);
    squares.learn(own, 2, 0, Number.NaN);
    expect([...own.weights]).toEqual([0, 0, 0, 0]);
    squares.learn(own, 2, 0, 5);
    expect(own.weights[0]).toBeGreaterThan(0);
    expect(own.weights[3]).toBe(0);
  });
});

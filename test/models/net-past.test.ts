import { expect, test } from 'vitest';
import { inputs, netPast, windowRows } from '../../models/net-past.js';
import { Slab } from '../../state/slab.js';

const rowOf = (horizons: readonly number[]) => {
  const past = netPast(horizons);
  const slab = new Slab(past.layout);
  slab.add();
  return { past, own: slab.row(0) };
};

test('rows before the first value do not count, later gaps are told as gaps', () => {
  const { past, own } = rowOf([1]);
  expect(past.append(own, Number.NaN, 1, 0)).toBe(false);
  expect(past.append(own, 5, 2, 0)).toBe(true);
  expect(past.append(own, Number.NaN, 2, 1)).toBe(true);
  expect(own.rows[0]).toBe(2);
  const told = new Float32Array(own.input.buffer, past.inputAt(own, 1), inputs);
  expect([told[0], told[2], told[4]]).toEqual([1, 0, 1]);
  expect(past.valueAt(own, 1)).toBe(5);
});

test('what is told is free of level and size, and knows hour and weekday', () => {
  const tell = (level: number, size: number, timeMs: number) => {
    const { past, own } = rowOf([1]);
    for (let t = 0; t < 30; t++) past.append(own, level + size * Math.sin(t), size, timeMs + t * 60_000);
    return Array.from(new Float32Array(own.input.buffer, past.inputAt(own, 29), inputs));
  };
  const [a, b] = [tell(0, 1, 0), tell(0, 64, 0)];
  a.slice(0, 5).forEach((x, i) => void expect(b[i]).toBeCloseTo(x, 5));
  // A day later the hour is the same and the weekday another.
  const c = tell(0, 1, 86_400_000);
  expect(c.slice(6, 8)).toEqual(a.slice(6, 8));
  expect(Math.abs(c[8] - a[8])).toBeGreaterThan(0.1);
});

test('a window is complete with its last target, windows adjoin, and targets are moves in units of their row', () => {
  const { past, own } = rowOf([1, 3]);
  own.phase[0] = 2;
  const firsts: number[] = [];
  for (let t = 0; t < 80; t++) {
    past.append(own, t === 20 ? Number.NaN : t * t, 2, t);
    const first = past.window(own);
    if (first < 0) continue;
    firsts.push(first);
    expect(t).toBe(first + windowRows - 1 + 3);
    for (let row = first; row < first + windowRows; row++) {
      const move = row === 20 || row + 3 === 20 ? Number.NaN : Math.min(8, ((row + 3) ** 2 - row ** 2) / 2);
      expect(past.target(own, row, 3)).toBe(move);
    }
  }
  expect(firsts).toEqual([2, 18, 34, 50]);
});

import { describe, expect, test } from 'vitest';
import { type Normalized, normalize } from '../../operators/normalize.js';
import { chance, events, normal, run } from './harness.js';
import { laws } from './laws.js';

const scales = (values: readonly (number | readonly number[])[]) => {
  const width = typeof values[0] === 'number' ? 1 : (values[0] as readonly number[]).length;
  const shard = { name: 's', channels: Array.from({ length: width }, (_, i) => `c${i}`) };
  return run<Normalized>([normalize()], events(values), { shard, cuts: [64] }).rows.map(({ scale }) => scale);
};
const noise = (n: number, seed = 1, spread = 1, level = 0) => {
  const z = normal(chance(seed));
  return Array.from({ length: n }, () => level + spread * z());
};
const last = (all: Float64Array[]) => (all.at(-1) as Float64Array)[0] as number;

describe('normalize', () => {
  const mixed = noise(300, 3).map((z, i) => (i % 17 === 0 ? Number.NaN : i === 120 ? 1e9 : z * (i > 180 ? 50 : 1)));
  laws(() => normalize(), events(mixed));

  test('the scale is a power of two within a factor of two of the deviation, at any size', () => {
    for (const spread of [1e-9, 1e-3, 1, 77, 1e9]) {
      const scale = last(scales(noise(2000, 5, spread, 3 * spread)));
      expect(Number.isInteger(Math.log2(scale))).toBe(true);
      expect(scale / spread).toBeGreaterThan(0.49);
      expect(scale / spread).toBeLessThan(2.1);
    }
  });

  test('it changes rarely: a handful of times while warming up, then not at all on a stationary stream', () => {
    const all = scales(noise(5000, 8));
    let changes = 0;
    for (let i = 1; i < all.length; i++) if (all[i] !== all[i - 1]) changes++;
    expect(changes).toBeLessThanOrEqual(6);
    expect(new Set(all.slice(100)).size).toBe(1);
  });

  test('values near the largest number leave no scale that is infinite, and what follows is as if they were missing', () => {
    const huge = (i: number, other: number) => (i >= 500 && i < 540 ? other : Math.sin(i / 20));
    const wild = Array.from({ length: 1600 }, (_, i) => huge(i, i % 2 === 0 ? 1.7e308 : -1.7e308));
    const gaps = wild.map((_, i) => huge(i, Number.NaN));
    expect(scales(wild).map(([scale]) => scale)).toEqual(scales(gaps).map(([scale]) => scale));
  }, 10_000);

  test('one spike of 1e9 does not move it, wherever it comes', () => {
    for (const at of [0, 1, 5, 20, 31, 32, 100, 900]) {
      const values = noise(1000, 11);
      values[at] = 1e9;
      const all = scales(values);
      expect(last(all)).toBeLessThanOrEqual(2);
      if (at > 50) expect((all[at] as Float64Array)[0]).toBeLessThanOrEqual(2);
    }
  });

  test('a constant gives a tiny scale that is never zero', () => {
    for (const level of [5, -1e9, 1e-9]) {
      const scale = last(scales(Array(600).fill(level)));
      expect(scale).toBeGreaterThan(0);
      expect(scale).toBeLessThanOrEqual(Math.abs(level) * 2 ** -19);
    }
    expect(last(scales(Array(600).fill(0)))).toBeGreaterThan(0);
  });

  test('a stream that wakes up after a long rest is learnt within 64 rows', () => {
    const scale = last(scales([...Array(500).fill(0), ...noise(64, 2, 1e-6)]));
    expect(scale).toBeGreaterThan(2e-7);
    expect(scale).toBeLessThan(5e-6);
  });

  test('a deviation that grows or shrinks a thousandfold is followed', () => {
    expect(last(scales([...noise(600, 2), ...noise(2000, 3, 1000)]))).toBeGreaterThan(400);
    expect(last(scales([...noise(600, 2, 1000), ...noise(2000, 3)]))).toBeLessThan(2.1);
  });

  test('sparse counts keep the size of their bursts', () => {
    const random = chance(4);
    const scale = last(scales(Array.from({ length: 4000 }, () => (random() < 0.06 ? 20 + 10 * random() : 0))));
    expect(scale).toBeGreaterThan(4);
    expect(scale).toBeLessThan(65);
  });

  test('NaN and infinities teach nothing', () => {
    const plain = noise(400, 6);
    const holed = plain.flatMap((v) => [v, Number.NaN, Number.POSITIVE_INFINITY]);
    expect(last(scales(holed))).toBe(last(scales(plain)));
    const silent = scales(Array(50).fill(Number.NaN));
    expect(last(silent)).toBe(1);
  });

  test('channels do not influence each other, values pass unchanged', () => {
    const [a, b] = [noise(300, 1), noise(300, 2, 1e6)];
    const both = scales(a.map((v, i) => [v, b[i] as number]));
    expect(both.at(-1)).toEqual(Float64Array.of(last(scales(a)), last(scales(b))));
    const rows = run<Normalized>([normalize()], events(a)).rows;
    expect(rows.map(({ values }) => values[0])).toEqual(a);
  });

  test('rows share one array while nothing changes', () => {
    const all = scales(noise(200, 1));
    expect(all[150]).toBe(all[199]);
  });

  test('a wrong option names itself', () => {
    expect(() => normalize({ memoryRows: 3 })).toThrow(
      /normalize\.memoryRows: expected a number of at least 32.*got 3/,
    );
    expect(() => normalize({ memroyRows: 300 } as never)).toThrow(/memroyRows.*memoryRows/);
  });
});

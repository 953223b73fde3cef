import { describe, expect, test } from 'vitest';
import { headLevels } from '../../models/head.js';
import { interval } from '../../operators/interval.js';
import { remember } from '../../operators/remember.js';
import { errorShape, type Shape, toldShape } from '../../operators/shape.js';
import { Slab } from '../../state/slab.js';
import { chance, normal } from '../chance.js';
import { run } from './harness.js';

const logistic = (p: number): number => Math.log(p / (1 - p));

describe('a shape', () => {
  test('that is told: what lies below a quantile is its level, between the told ones and beyond', () => {
    const shape = toldShape(1, [1, 3], headLevels);
    const slab = new Slab(shape.layout);
    const own = slab.row(slab.add());
    const quantiles = Float64Array.from([...headLevels, ...headLevels], (level, i) =>
      i < headLevels.length ? 10 + logistic(level) : 99,
    );
    expect(shape.known(own, 0)).toBe(false);
    shape.expect(own, 0, 0, { surprise: 0, mean: new Float64Array(2), spread: new Float64Array(2), quantiles });
    expect(shape.known(own, 0)).toBe(true);
    for (const level of [1e-5, 0.0004, 0.001, 0.004, 0.03, 0.1, 0.42, 0.5, 0.77, 0.96, 0.999, 0.9997]) {
      const value = shape.quantile(own, 0, 0, level);
      expect(shape.below(own, 0, 0, value)).toBeCloseTo(level, 9);
      expect(Math.abs(value - 10 - logistic(level))).toBeLessThan(0.3);
    }
    expect(shape.below(own, 0, 0, -1e9)).toBe(0);
    expect(shape.below(own, 0, 0, 1e9)).toBe(1);
    shape.forget(own);
    expect(shape.known(own, 0)).toBe(false);
    shape.expect(own, 0, 1, { surprise: 0, mean: new Float64Array(2), spread: new Float64Array(2) });
    expect(shape.known(own, 1)).toBe(false);
    slab.free();
  });

  test('of errors: density is the slope of what lies below', () => {
    const shape: Shape<ReturnType<typeof errorShape>['layout']> = errorShape(1, [1]);
    const slab = new Slab(shape.layout);
    const own = slab.row(slab.add());
    shape.start(own);
    const prediction = { surprise: 0, mean: Float64Array.of(5), spread: Float64Array.of(2) };
    shape.expect(own, 0, 0, prediction);
    expect(shape.below(own, 0, 0, shape.quantile(own, 0, 0, 0.9))).toBeCloseTo(0.9, 9);
    for (const value of [3.9, 5.3, 8.01]) {
      const slope = (shape.below(own, 0, 0, value + 1e-7) - shape.below(own, 0, 0, value - 1e-7)) / 2e-7;
      expect(-Math.log(slope)).toBeCloseTo(shape.surprise?.(own, 0, 0, value) as number, 1);
    }
    slab.free();
  });

  test('of a memory that mends learns the usual size of errors h rows ahead at a pace of 1/√h', () => {
    const [mending, other] = [errorShape(1, [24], true), errorShape(1, [24])];
    const slab = new Slab(other.layout);
    const rows = [slab.add(), slab.add()].map((row) => slab.row(row));
    const prediction = { surprise: 0, mean: Float64Array.of(5), spread: Float64Array.of(2) };
    const moved = [mending, other].map((shape, i) => {
      const own = rows[i];
      other.start(own);
      for (let t = 0; t < 200; t++) {
        other.expect(own, 0, 0, prediction);
        other.learn(own, 0, 0, 5 + (t % 3));
      }
      const before = own.slow[0];
      shape.expect(own, 0, 0, prediction);
      shape.learn(own, 0, 0, 9);
      return own.slow[0] - before;
    });
    expect(moved[1]).toBeGreaterThan(0);
    expect(moved[0] / moved[1]).toBeCloseTo(1 / Math.sqrt(24), 9);
    slab.free();
  });
});

test('bands of a head keep their promise, also where errors have two peaks', () => {
  const random = chance(4);
  let last = 0;
  const events = Array.from({ length: 4000 }, (_, offset) => {
    last = 0.5 * last + (random() < 0.5 ? -1 : 1) + 0.2 * normal(random);
    return { key: 'k', timeMs: offset * 1000, values: [last], offset };
  });
  for (const head of ['density', 'quantile'] as const) {
    const { rows } = run<{ values: number[]; low: number[]; high: number[]; surprise: number }>(
      [remember({ memory: 'rls', horizons: [1], head }), interval({ levels: [0.1, 0.5, 0.9] })],
      events,
      { shard: { name: 's', channels: ['a'] }, cuts: [256] },
    );
    const inside = rows.slice(1000).filter(({ values: [y], low, high }) => y >= low[0] && y <= high[0]).length / 3000;
    expect(Math.abs(inside - 0.8), head).toBeLessThan(0.02);
    expect(rows.slice(1000).every(({ surprise }) => Number.isFinite(surprise) && surprise !== 0)).toBe(true);
  }
});

import { beforeEach, describe, expect as expectThat, test } from 'vitest';
import {
  cumulative,
  type Distributions,
  density,
  distributionLayout,
  expect,
  firstSlots,
  grid,
  initDistributions,
  learnError,
  quantile,
  slotAt,
} from '../../operators/distribution.js';
import { Slab } from '../../state/slab.js';
import { chance, normal } from '../chance.js';

let own: Distributions;
beforeEach(() => {
  const slab = new Slab(distributionLayout(2, [1, 5]));
  own = slab.row(slab.add());
  initDistributions(own);
});

test('forecasts have slots of their own, one more than rows they wait', () => {
  expectThat(firstSlots(2, [1, 5])).toEqual([0, 2, 8, 10]);
  expectThat(own.location).toHaveLength(16);
  expectThat([slotAt(8, 1, 0), slotAt(8, 1, 1), slotAt(8, 1, 2), slotAt(10, 5, 13)]).toEqual([8, 9, 8, 11]);
});

test('the grid ascends, is symmetric, and has zero in its middle', () => {
  expectThat(grid[30]).toBe(0);
  for (let k = 1; k < grid.length; k++) expectThat(grid[k]).toBeGreaterThan(grid[k - 1]);
  expectThat(grid[60]).toBeCloseTo(-grid[0], 12);
});

/** Lets forecast 0 be made and come true with errors from `error`. */
function live(rows: number, error: (t: number) => number): void {
  for (let t = 0; t < rows; t++) {
    if (t > 0) learnError(own, 0, slotAt(0, 1, t - 1), error(t));
    expect(own, 0, slotAt(0, 1, t), 0, 1, undefined, 0);
  }
}

describe('after normal errors', () => {
  const random = chance(4);
  beforeEach(() => live(6000, () => 3 * normal(random)));
  const scale = () => own.scale[slotAt(0, 1, 5999)];

  test('the quantiles are those of the errors', () => {
    for (const [level, z] of [
      [0.01, -2.326],
      [0.1, -1.2816],
      [0.5, 0],
      [0.9, 1.2816],
      [0.99, 2.326],
    ] as const) {
      const got = scale() * quantile(own, 0, level);
      expectThat(Math.abs(got - 3 * z), `quantile ${level}, seed 4`).toBeLessThan(
        level === 0.01 || level === 0.99 ? 1 : 0.35,
      );
    }
  });

  test('quantile and cumulative undo each other, also beyond the grid', () => {
    for (const level of [1e-6, 0.001, 0.02, 0.3, 0.5, 0.77, 0.999, 1 - 1e-6]) {
      expectThat(cumulative(own, 0, quantile(own, 0, level))).toBeCloseTo(level, 6);
    }
  });

  test('the density is the slope of the cumulative, and never zero', () => {
    for (const z of [-1.5, -0.4, 0.2, 1.1]) {
      const slope = (cumulative(own, 0, z + 1e-4) - cumulative(own, 0, z - 1e-4)) / 2e-4;
      expectThat(Math.abs(density(own, 0, z) / slope - 1)).toBeLessThan(0.05);
    }
    expectThat(density(own, 0, 500)).toBeGreaterThan(0);
  });
});

test('the scale follows a storm within a few rows', () => {
  const random = chance(5);
  live(3000, (t) => normal(random) * (t % 600 < 300 ? 1 : 8));
  const stormy = own.scale[slotAt(0, 1, 2999)];
  live(290, () => normal(random));
  expectThat(stormy).toBeGreaterThan(4 * own.scale[slotAt(0, 1, 289)]);
});

test('one spike does not blow the scale up', () => {
  const random = chance(6);
  live(2000, () => normal(random));
  const before = own.scale[slotAt(0, 1, 1999)];
  live(3, (t) => (t === 1 ? 1e6 : normal(random)));
  expectThat(own.scale[slotAt(0, 1, 2)]).toBeLessThan(60 * before);
  live(200, () => normal(random));
  expectThat(own.scale[slotAt(0, 1, 199)]).toBeLessThan(3 * before);
});

test('a forecast without an opinion makes none', () => {
  expect(own, 1, slotAt(2, 5, 0), Number.NaN, Number.NaN, undefined, 0);
  expectThat(own.scale[slotAt(2, 5, 0)]).toBeNaN();
  learnError(own, 1, slotAt(2, 5, 0), 7);
  expectThat(own.count[1]).toBe(0);
});

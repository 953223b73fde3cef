import { expect, test } from 'vitest';
import { randomOf } from '../../models/random.js';

test('numbers of a seed are spread evenly, come again, and are others for another seed', () => {
  const draw = (seed: number) => {
    const random = randomOf(seed);
    return Array.from({ length: 10_000 }, random);
  };
  const numbers = draw(1);
  expect(draw(1)).toEqual(numbers);
  expect(draw(2)[0]).not.toBe(numbers[0]);
  expect(Math.max(...numbers.map(Math.abs))).toBeLessThanOrEqual(1);
  const mean = (list: readonly number[]) => list.reduce((sum, x) => sum + x / list.length, 0);
  expect(Math.abs(mean(numbers))).toBeLessThan(0.03);
  expect(mean(numbers.map((x) => x * x))).toBeCloseTo(1 / 3, 1);
  expect(Math.abs(mean(numbers.slice(1).map((x, i) => x * numbers[i])))).toBeLessThan(0.03);
});

import { expect, test } from 'vitest';
import { deviationOf, PointErrors } from '../../evaluation/point-errors.js';

test('errors of three forecasts, by hand', () => {
  const errors = new PointErrors();
  errors.add(10, 12);
  errors.add(-20, -20);
  errors.add(30, 26);
  expect(errors.count).toBe(3);
  expect(errors.mae).toBeCloseTo(2, 12);
  expect(errors.mse).toBeCloseTo(20 / 3, 12);
  expect(errors.rmse).toBeCloseTo(Math.sqrt(20 / 3), 12);
  expect(errors.mape).toBeCloseTo(6 / 60, 12);
  expect(errors.nrmse(2)).toBeCloseTo(Math.sqrt(20 / 3) / 2, 12);
});

test('a missing truth counts for nothing, a missing forecast is refused', () => {
  const errors = new PointErrors();
  errors.add(Number.NaN, 1);
  expect(errors.count).toBe(0);
  expect(() => errors.add(1, Number.NaN)).toThrow('expected a forecast for a row that is scored');
  expect(() => errors.add(1, Number.POSITIVE_INFINITY)).toThrow('expected a forecast');
});

test('the deviation is that of the population', () => {
  expect(deviationOf(Float64Array.of(1, 3))).toBe(1);
});

import { expect, test } from 'vitest';
import { predictionOf } from '../../models/model.js';

test('a prediction has one place per channel and horizon, gauge and member, all without an opinion', () => {
  const plain = predictionOf({ channels: 2, horizons: [1, 5, 48] });
  expect(plain.mean.length).toBe(6);
  expect(plain.mean.every(Number.isNaN)).toBe(true);
  expect(plain.spread.length).toBe(6);
  expect(plain.members).toBeUndefined();
  expect(plain.gauges).toBeUndefined();
  const mixed = predictionOf({ channels: 2, horizons: [1, 5, 48], gauges: 2, members: ['a', 'b', 'c'] });
  expect(mixed.gauges?.length).toBe(12);
  expect(mixed.members?.length).toBe(18);
});

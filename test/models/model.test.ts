import { expect, test } from 'vitest';
import { memoryOf } from '../../models/catalog.js';
import { predictionOf, versionOf } from '../../models/model.js';

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

test('weights that keys share are those of their horizons', () => {
  const of = (horizons: number[], weights: 'own' | 'shared') =>
    versionOf(memoryOf('lstm', { channels: 1, horizons, weights }));
  expect(of([1, 5], 'own')).toBe(of([1, 9], 'own'));
  expect(of([1, 5], 'shared')).toBe('lstm 1, shared weights for 1, 5 ahead');
});

import { expect, test } from 'vitest';
import { holdPoles, lruNet } from '../../models/lru-net.js';
import { byParts, lruStep } from './kernels/naive.js';
import { expectGradient } from './windows.js';

test('the gradient of a window is that of finite differences', () => {
  const still = Array.from({ length: 8 }, (): [number, number] => [0, 0]);
  expectGradient(lruNet(4, 8), 4, still, lruStep, byParts);
});

test('poles are held to spans from one row to four thousand', () => {
  const weight = Float32Array.from([-20, 3, -1, -8]);
  holdPoles(weight, 3);
  expect([...weight].map((x) => Math.round(10 * x) / 10)).toEqual([-8.3, 0, -1, -8]);
});

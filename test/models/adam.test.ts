import { expect, test } from 'vitest';
import { adamOf } from '../../models/adam.js';
import { Slab } from '../../state/slab.js';
import { floats } from './kernels/floats.js';

test('the first step is as long as the rate whatever the gradient, long gradients are cut, bad ones pass', () => {
  const adam = adamOf(4, 0.01);
  const slab = new Slab(adam.layout);
  slab.add();
  const own = slab.row(0);
  adam.start(own);
  const w = floats(4);
  const step = (gradient: number[]) => adam.step(own, w.byteOffset, floats(gradient).byteOffset);
  step([1e-3, -1e-3, 0, 0]);
  expect(w[0]).toBeCloseTo(-0.01, 4);
  expect(w[1]).toBeCloseTo(0.01, 4);
  const before = Array.from(w);
  step([Number.NaN, 0, 0, 0]);
  step([Number.POSITIVE_INFINITY, 0, 0, 0]);
  step([0, 0, 0, 0]);
  expect(Array.from(w)).toEqual(before);
  step([1e6, 0, 0, 0]);
  expect(Math.abs(own.first[0])).toBeLessThan(0.11);
  slab.free();
});

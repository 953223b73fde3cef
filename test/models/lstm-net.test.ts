import { test } from 'vitest';
import { lstmNet } from '../../models/lstm-net.js';
import { lstmStep } from './kernels/naive.js';
import { expectGradient } from './windows.js';

test('the gradient of a window is that of finite differences', () => {
  const still = { h: new Array(8).fill(0), c: new Array(8).fill(0) };
  expectGradient(lstmNet(4, 8), 4, still, lstmStep, ({ h }) => [...h]);
});

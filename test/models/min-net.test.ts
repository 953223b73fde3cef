import { test } from 'vitest';
import { minNet } from '../../models/min-net.js';
import { minGruStep, minLstmStep } from './kernels/naive.js';
import { expectGradient } from './windows.js';

test.each([
  ['gru', minGruStep],
  ['lstm', minLstmStep],
] as const)('min%s: the gradient of a window is that of finite differences', (kind, step) =>
  expectGradient(minNet(kind, 4, 8), 4, new Array(8).fill(0) as number[], step, (h) => h),
);

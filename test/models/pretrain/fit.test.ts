import { expect, test } from 'vitest';
import { headOf } from '../../../models/net.js';
import { inputs } from '../../../models/net-past.js';
import { cellOf } from '../../../models/net-shapes.js';
import { fitNet } from '../../../models/pretrain/fit.js';
import type { Course } from '../../../models/pretrain/sequences.js';
import { backendOf } from '../../../models/pretrain/tfjs.js';
import { randomOf } from '../../../models/random.js';
import { draws } from '../kernels/floats.js';

/** What came a row ago is what comes next: a net must remember. */
function delayed(rows: number): Course {
  const drive = draws(rows, 5);
  const told = new Float32Array(rows * inputs);
  const targets = new Float32Array(rows).fill(Number.NaN);
  drive.forEach((x, t) => {
    told[t * inputs] = 1;
    told[t * inputs + 1] = x;
    if (t >= 1) targets[t] = drive[t - 1];
  });
  return { times: Float64Array.from(drive, (_, t) => t), inputs: told, targets };
}

const net = { kind: 'lstm', units: 8, horizons: [1] } as const;
const cell = cellOf(net);
const start = new Float32Array(cell.weights + headOf(cell, net.horizons).weights);
cell.start(start.subarray(0, cell.weights), randomOf(1));

test('learns what must be remembered, holds no tensor more at the end, gives the best, and stops when told', async () => {
  const backend = await backendOf('wasm');
  const options = { steps: 12, batch: 8, epochs: 12, rate: 2e-2, patience: 12 };
  const made = await fitNet(backend, net, start, [delayed(500)], options);
  expect(made.after).toBeLessThan(0.6 * made.before);
  expect(made.tensors[1]).toBe(made.tensors[0]);
  expect(made.weights).not.toEqual(start);
  let told = 0;
  const onProgress = () => ++told < 3;
  const stopped = await fitNet(backend, net, start, [delayed(500)], { ...options, onProgress });
  expect([stopped.batches, stopped.epochs]).toEqual([3, 1]);
});

test('a log that is too short is refused', async () => {
  const backend = await backendOf('wasm');
  await expect(fitNet(backend, net, start, [delayed(60)])).rejects.toThrow(
    'expected at least 64 rows of one series to learn from and as many to be judged by, got 60',
  );
});

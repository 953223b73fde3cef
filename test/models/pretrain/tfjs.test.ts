import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { kernels } from '../../../models/kernels/index.js';
import { headOf } from '../../../models/net.js';
import { inputs } from '../../../models/net-past.js';
import { cellOf } from '../../../models/net-shapes.js';
import type { Fitted } from '../../../models/pretrain/matrices.js';
import { type Backend, backendNames, backendOf, Trainer } from '../../../models/pretrain/tfjs.js';
import { randomOf } from '../../../models/random.js';
import { apart, draws, floats } from '../kernels/floats.js';

const [count, steps] = [3, 16];
const horizons = [1, 2, 5, 6, 9];
const peers = [process.env.ENGRAM_PEERS ?? '.cache/peers'];

/** What our kernels say and which gradient they have, over sequences that begin without a past. */
function ours(net: Fitted, weights: Float32Array, told: Float32Array, targets: Float32Array) {
  const cell = cellOf(net);
  const { blocks, features } = headOf(cell, horizons);
  const weight = floats(weights);
  const derived = floats(cell.derived);
  cell.settle(weight, derived);
  const room = floats(cell.roomBytes(1, steps) / 4).byteOffset;
  const [x, out, e] = [floats(features), floats(4 * blocks), floats(4 * blocks)];
  const [state, start, blame] = [floats(cell.state), floats(cell.state), floats(steps * cell.outputs)];
  const gradient = floats(weights.length);
  const addresses = { weight: weight.byteOffset, derived: derived.byteOffset };
  const head = 4 * cell.weights;
  const said: number[] = [];
  for (let b = 0; b < count; b++) {
    state.fill(0);
    start.fill(0);
    const lines = Array.from({ length: steps }, (_, s) =>
      floats(told.subarray((b * steps + s) * inputs, (b * steps + s + 1) * inputs)),
    );
    lines.forEach((line, s) => {
      cell.forward(addresses, state.byteOffset, line.byteOffset, s, room);
      x.set(state.subarray(0, cell.outputs));
      x.set(line, cell.outputs);
      kernels.blockProduct(addresses.weight + head, x.byteOffset, out.byteOffset, blocks, features);
      said.push(...out.subarray(0, horizons.length));
      horizons.forEach((_, i) => {
        const error = out[i] - targets[(b * steps + s) * horizons.length + i];
        e[i] = Number.isNaN(error) ? 0 : Math.max(-2, Math.min(2, error));
      });
      const to = blame.byteOffset + 4 * (steps - 1 - s) * cell.outputs;
      const [w, g] = [addresses.weight + head, gradient.byteOffset + head];
      kernels.headBack(w, x.byteOffset, e.byteOffset, to, g, blocks, cell.outputs, features);
    });
    const window = {
      steps,
      state: start.byteOffset,
      inputs: lines.map(({ byteOffset }) => byteOffset),
      blame: blame.byteOffset,
    };
    cell.back(addresses, window, gradient.byteOffset, room);
  }
  const known = targets.filter((target) => !Number.isNaN(target)).length;
  return { said, gradient: gradient.map((slope) => slope / known) };
}

const missing: string[] = [];
afterAll(() => {
  if (missing.length > 0) process.stdout.write(`TensorFlow.js: NOT RUN ${missing.join('; ')}\n`);
});

describe.each(backendNames)('TensorFlow.js, %s', (name) => {
  let backend: Backend | undefined;
  beforeAll(async () => {
    // Two of them in one process say a hundred times that kernels of theirs are there already.
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    backend = await backendOf(name, peers).catch((error: Error) => {
      missing.push(error.message);
      return undefined;
    });
  });

  test.for(['lstm', 'min-gru', 'min-lstm', 'lru'] as const)(
    '%s: says and learns what our kernels do',
    (kind, { skip }) => {
      if (!backend) return skip('this backend is not here');
      const net = { kind, units: 8, horizons };
      const cell = cellOf(net);
      const head = headOf(cell, horizons).weights;
      const weights = Float32Array.from([...new Array(cell.weights).fill(0), ...draws(head, 4, 0.4)]);
      cell.start(weights.subarray(0, cell.weights), randomOf(2));
      const told = Float32Array.from(draws(count * steps * inputs, 7));
      const targets = Float32Array.from(
        draws(count * steps * horizons.length, 8, 3).map((x, i) => (i % 9 === 0 ? Number.NaN : x)),
      );
      const batch = { count, steps, inputs: told, targets };
      const own = ours(net, weights, told, targets);
      const trainer = new Trainer(backend, net, weights);
      expect([...trainer.weights()]).toEqual([...weights]);
      expect(apart(trainer.said(batch), own.said)).toBeLessThan(1e-5);
      const theirs = trainer.gradient(batch);
      // Places that only fill up a block of four horizons have no slope on either side.
      expect(apart(theirs, own.gradient)).toBeLessThan(1e-4);
      const before = trainer.loss(batch);
      for (let i = 0; i < 3; i++) trainer.step(batch);
      expect(trainer.loss(batch)).toBeLessThan(before);
      const held = backend.tf.memory().numTensors;
      for (let i = 0; i < 6; i++) trainer.step(batch);
      expect(backend.tf.memory().numTensors).toBe(held);
      trainer.dispose();
      return undefined;
    },
  );
});

test('a backend that is not there is told, with those that were tried', async () => {
  await expect(backendOf('webgl' as 'cpu')).rejects.toThrow(
    /expected TensorFlow.js with the backend webgl, it does not load/,
  );
});

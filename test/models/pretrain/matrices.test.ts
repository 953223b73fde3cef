import { expect, test } from 'vitest';
import { headOf } from '../../../models/net.js';
import { inputs } from '../../../models/net-past.js';
import { cellOf } from '../../../models/net-shapes.js';
import { type Fitted, matricesOf, pack, unpack } from '../../../models/pretrain/matrices.js';
import { blockAt, lstmAt } from '../kernels/naive.js';

const horizons = [1, 2, 3, 4, 9];
const nets = (['lstm', 'min-gru', 'min-lstm', 'lru'] as const).map((kind): Fitted => ({ kind, units: 8, horizons }));

test.each(nets)('$kind: every weight has one place, and comes back from it', (net) => {
  const cell = cellOf(net);
  const { weights: head, blocks, features } = headOf(cell, horizons);
  const weight = Float32Array.from({ length: cell.weights + head }, (_, i) => i + 1);
  const matrices = matricesOf(net);
  const places = matrices.flatMap((matrix) => [...unpack(weight, matrix)]);
  expect(new Set(places).size).toBe(places.length);
  // A head speaks of horizons by fours: what fills up the last four belongs to no matrix.
  expect(places.length).toBe(weight.length - (4 * blocks - horizons.length) * features);
  const back = new Float32Array(weight.length);
  for (const matrix of matrices) pack(unpack(weight, matrix), matrix, back);
  expect([...back].filter((x) => x > 0).length).toBe(places.length);
  back.forEach((x, i) => void expect([0, weight[i]]).toContain(x));
});

test('rows are what goes in, columns gate by gate what comes out, where the kernels have them', () => {
  const [lstm, gru] = nets.map((net) => matricesOf(net)[0]);
  expect(lstm.at(5, 2 * 8 + 3)).toBe(lstmAt(3, 2, 5, inputs + 8));
  expect(gru.at(5, 8 + 6)).toBe(blockAt(6, 1, 5, inputs, 2));
});

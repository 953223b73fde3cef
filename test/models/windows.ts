import { expect } from 'vitest';
import type { NetCell } from '../../models/net-cell.js';
import { randomOf } from '../../models/random.js';
import { apart, draws, floats, slopes, words } from './kernels/floats.js';

/** One step as the equations have it: weights, what was told and kept so far, inputs; index 0 of the answer is what is told. */
export type NaiveStep<S> = (weight: ArrayLike<number>, state: S, input: readonly number[]) => S;

/** The gradient of a window, from a state that is not zero, is that of finite differences; steps alone and in lanes agree. */
export function expectGradient<S>(
  cell: NetCell,
  m: number,
  start: S,
  step: NaiveStep<S>,
  told: (state: S) => number[],
) {
  const steps = 6;
  const weight = floats(cell.weights);
  const derived = floats(cell.derived);
  cell.start(weight, randomOf(3));
  cell.settle(weight, derived);
  const net = { weight: weight.byteOffset, derived: derived.byteOffset };
  const room = floats(cell.roomBytes(4, steps) / 4).byteOffset;
  const inputs = Array.from({ length: 3 + steps }, (_, t) => floats([1, ...draws(m - 1, 20 + t)]));
  const [state, lane] = [floats(cell.state), floats(cell.state)];
  let naive = start;
  inputs.slice(0, 3).forEach((u) => {
    cell.step(net, { at: words([state.byteOffset, u.byteOffset]).byteOffset, count: 1 }, room);
    naive = step(weight, naive, [...u]);
  });
  const before = floats(state);
  const from = naive;
  lane.set(state);
  const window = inputs.slice(3);
  window.forEach((u, s) => {
    cell.forward(net, state.byteOffset, u.byteOffset, s, room);
    naive = step(weight, naive, [...u]);
  });
  expect(apart(state.subarray(0, cell.outputs), told(naive))).toBeLessThan(1e-4);

  const blame = draws(steps * cell.outputs, 9);
  const gradient = floats(draws(cell.weights, 10));
  const already = [...gradient];
  const at = floats(blame).byteOffset;
  const addresses = window.map(({ byteOffset }) => byteOffset);
  cell.back(net, { steps, state: before.byteOffset, inputs: addresses, blame: at }, gradient.byteOffset, room);
  const loss = (moved: ArrayLike<number>): number => {
    let now = from;
    return window.reduce((sum, u, s) => {
      now = step(moved, now, [...u]);
      const own = blame.slice((steps - 1 - s) * cell.outputs);
      return told(now).reduce((all, x, j) => all + own[j] * x, sum);
    }, 0);
  };
  const added = gradient.map((g, i) => g - already[i]);
  expect(apart(added, slopes(Float64Array.from(weight), loss))).toBeLessThan(1e-3);

  // Lanes take the same bits as a window does.
  for (const u of window) cell.step(net, { at: words([lane.byteOffset, u.byteOffset]).byteOffset, count: 1 }, room);
  expect([...lane]).toEqual([...state]);
}

import { arena } from '../../../state/arena.js';
import { chance } from '../../chance.js';

/** f32 numbers in the kernels' memory, `shift` numbers off every alignment. */
export function floats(values: ArrayLike<number> | number, shift = 0): Float32Array {
  const count = typeof values === 'number' ? values : values.length;
  // The buffer may grow while the block is taken, so it is asked for afterwards.
  const at = arena.take(4 * count + 64) + 4 * shift;
  const view = new Float32Array(arena.buffer, at, count);
  if (typeof values !== 'number') view.set(values);
  return view;
}

/** u32 numbers in the kernels' memory. */
export function words(values: ArrayLike<number>): Uint32Array {
  const at = arena.take(4 * values.length);
  const view = new Uint32Array(arena.buffer, at, values.length);
  view.set(values);
  return view;
}

/** Numbers between -size and size, the same every time. */
export function draws(count: number, seed: number, size = 1): number[] {
  const random = chance(seed);
  return Array.from({ length: count }, () => size * (2 * random() - 1));
}

/** Slope of a loss by each number, by central differences of second order. */
export function slopes(weights: Float64Array, loss: (weights: Float64Array) => number): number[] {
  const step = 1e-5;
  return Array.from(weights, (weight, i) => {
    const moved = weights.slice();
    moved[i] = weight + step;
    const above = loss(moved);
    moved[i] = weight - step;
    return (above - loss(moved)) / (2 * step);
  });
}

/** The largest difference, as a share of the largest number. */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
  }
  return a.length === b.length ? most / size : Number.NaN;
}

import { arena, kernels } from '../index.js';
import { inputOf, weightOf } from './lstm-weights.js';

const steps = 16;
const batch = 32;

/** Numbers in the kernels' memory. */
export function floats(count: number, of: (i: number) => number = () => 0): Float32Array {
  // The buffer may grow while the block is taken, so it is asked for afterwards.
  const at = arena.take(4 * count);
  const view = new Float32Array(arena.buffer, at, count);
  for (let i = 0; i < count; i++) view[i] = of(i);
  return view;
}

/** The LSTM of our kernels: one step, 32 series one by one and at once, and learning over sixteen steps. */
export function engramLstm(m: number, d: number) {
  const n = m + d;
  const stride = n + 6 * d;
  const count = 4 * d * n;
  const at = (view: Float32Array) => view.byteOffset;
  const w = floats(count, (i) => {
    const [block, gate] = [Math.floor(i / (16 * n)), Math.floor(i / 4) % 4];
    return weightOf(gate, block * 4 + (i % 4), Math.floor(i / 16) % n, m, d);
  });
  const input = floats(m, inputOf);
  const slots = floats(batch * stride);
  for (let s = 0; s < batch; s++) slots.set(input, s * stride);
  const states = Array.from({ length: batch }, () => floats(2 * d));
  const room = floats(2 * batch);
  const table = new Uint32Array(room.buffer, room.byteOffset, 2 * batch);
  states.forEach((state, i) => void table.set([at(state), at(input)], 2 * i));
  const [blame, delta] = [floats(d, () => 1), floats(steps * 4 * d)];
  const [gradient, first, second] = [floats(count), floats(count), floats(count)];
  const slotAt = (s: number) => at(slots) + 4 * s * stride;
  const forward = (s: number, state = states[0]): void =>
    kernels.lstmStep(at(w), at(state) + 4 * d, at(state), slotAt(s), m, d);
  const learn = (): void => {
    kernels.lstmBack(at(w), at(slots), at(blame), at(delta), steps - 1, steps, steps, 1, m, d);
    kernels.lstmGradient(at(slots), at(delta), at(gradient), steps - 1, steps, steps, m, d);
    kernels.adam(at(w), at(first), at(second), at(gradient), count, 1, 1e-7, 1e-6);
  };
  forward(0);
  const h = states[0].slice(0, d);
  return {
    h,
    step: () => forward(0),
    oneByOne: () => states.forEach((state, s) => void forward(s, state)),
    many: () => kernels.lstmStepMany(at(w), table.byteOffset, at(slots), batch, m, d),
    /** What a library does: sixteen steps forward, all of them back, Adam. */
    window: () => {
      for (let s = 0; s < steps; s++) forward(s);
      learn();
    },
    /** What a memory with weights of its own does at an event: one step forward, sixteen back, Adam. */
    event: () => {
      forward(steps - 1);
      learn();
    },
  };
}

import { readFileSync } from 'node:fs';
import { arena } from '../../state/arena.js';

/**
 * The WebAssembly kernels, bound to the memory where state lives. Addresses are byte offsets: the `byteOffset` of a
 * field of a row. Arguments come as shared state, own state, input, output; state and output are written in place.
 */
export interface Kernels {
  exp(x: number): number;
  log(x: number): number;
  pow(x: number, y: number): number;
  sin(x: number): number;
  cos(x: number): number;
  tanh(x: number): number;
  heapBase(): number;
}

const module = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));

export const kernels = new WebAssembly.Instance(module, {
  env: {
    memory: arena.memory,
    abort: () => {
      throw new Error('a kernel stopped: its arguments were out of range');
    },
  },
}).exports as unknown as Kernels;

if (kernels.heapBase() > 65_536)
  throw new Error(`the constants of the kernels end at ${kernels.heapBase()}: state begins at 65536`);

import { arena } from '../../state/arena.js';

let block = { at: 0, bytes: 0 };

/** The address of at least `bytes` that a kernel writes before it reads them, in every call: one block for all, no state. */
export function scratch(bytes: number): number {
  if (bytes > block.bytes) {
    if (block.bytes > 0) arena.give(block.at, block.bytes);
    block = { at: arena.take(bytes), bytes };
  }
  return block.at;
}

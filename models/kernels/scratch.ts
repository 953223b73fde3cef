import { arena } from '../../state/arena.js';

/** Memory that is written before it is read: an address for kernels, and the same bytes as f32 and as u32. */
export interface Room {
  readonly at: number;
  readonly floats: Float32Array;
  readonly words: Uint32Array;
}

let bytesNow = 0;
let room: Room = { at: 0, floats: new Float32Array(0), words: new Uint32Array(0) };

/** The address of at least `bytes` that a kernel writes before it reads them, in every call: one block for all, no state. */
export function scratch(bytes: number): number {
  return scratchRoom(bytes).at;
}

/** The same block, for a caller that writes or reads some of it itself. */
export function scratchRoom(bytes: number): Room {
  if (bytes > bytesNow) {
    if (bytesNow > 0) arena.give(room.at, bytesNow);
    const at = arena.take(bytes);
    bytesNow = bytes;
    room = {
      at,
      floats: new Float32Array(arena.buffer, at, bytes >> 2),
      words: new Uint32Array(arena.buffer, at, bytes >> 2),
    };
  }
  return room;
}

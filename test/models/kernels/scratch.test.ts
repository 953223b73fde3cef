import { expect, test } from 'vitest';
import { scratch, scratchRoom } from '../../../models/kernels/scratch.js';
import { arena } from '../../../state/arena.js';

test('one block serves all, and grows when more is asked for', () => {
  const at = scratch(1000);
  expect(scratch(10)).toBe(at);
  const before = arena.usedBytes;
  expect(scratch(1000)).toBe(at);
  expect(arena.usedBytes).toBe(before);
  scratch(100_000);
  expect(arena.usedBytes - before).toBe(100_032 - 1024);
});

test('the same block as numbers', () => {
  const { at, floats, words } = scratchRoom(64);
  expect([floats.byteOffset, words.byteOffset]).toEqual([at, at]);
  floats[1] = 1;
  expect(words[1]).toBe(0x3f800000);
});

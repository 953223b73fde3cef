import { expect, test } from 'vitest';
import { scratch } from '../../../models/kernels/scratch.js';
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

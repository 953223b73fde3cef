import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena } from '../../state/arena.js';

const bytesAt = (arena: Arena, at: number, bytes: number) => new Uint8Array(arena.buffer, at, bytes);

describe('Arena', () => {
  test('views stay good while the memory grows', () => {
    const arena = new Arena();
    const view = bytesAt(arena, arena.take(100), 100).fill(7);
    for (let i = 0; i < 20; i++) arena.take(1 << 20);
    expect(view.every((byte) => byte === 7)).toBe(true);
    expect(arena.usedBytes).toBe(128 + 20 * (1 << 20));
  });

  test('the limit is kept to the byte, and the error says how much, how to go on', () => {
    const arena = new Arena(256);
    const at = arena.take(200);
    expect(() => arena.take(1)).toThrow(
      'state needs 320 bytes (256 in use + 64 wanted) but the limit is 256: lower the number of keys, choose a smaller memory, or raise the limit',
    );
    expect(arena.usedBytes).toBe(256);
    arena.limitBytes = 320;
    arena.take(64);
    arena.give(at, 200);
    expect(arena.usedBytes).toBe(64);
    expect(arena.take(256)).toBe(at);
  });

  test('a block beyond 32-bit addresses is refused and nothing is lost', () => {
    const arena = new Arena(2 ** 32);
    expect(() => arena.take(2 ** 32 - 64)).toThrow(/state needs 4294967232 bytes .* the limit is \d+/);
    expect(arena.usedBytes).toBe(0);
    expect(arena.take(64)).toBe(65_536);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%s bytes are refused', (bytes) => {
    const arena = new Arena();
    expect(() => arena.take(bytes)).toThrow('expected a whole number of bytes');
    expect(() => {
      arena.limitBytes = bytes;
    }).toThrow('state limit: expected a whole number of bytes');
  });

  test('a block given back twice, or never taken, is refused', () => {
    const arena = new Arena();
    const [a, b] = [arena.take(64), arena.take(64)];
    arena.give(a, 64);
    expect(() => arena.give(a, 64)).toThrow('it was given back before');
    expect(() => arena.give(b + 64, 64)).toThrow('expected a block in use');
    expect(() => arena.give(0, 64)).toThrow('expected a block in use');
    arena.give(b, 64);
    expect(arena.usedBytes).toBe(0);
  });

  test('blocks never overlap, begin as zeros, and all that is given back can be taken as one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(5000)), { maxLength: 60, size: 'max' }), (steps) => {
        const arena = new Arena();
        const live: { at: number; bytes: number; mark: number }[] = [];
        steps.forEach(([takes, number], mark) => {
          if (takes || live.length === 0) {
            const at = arena.take(number);
            expect(at % 64).toBe(0);
            const block = bytesAt(arena, at, number);
            expect(block.every((byte) => byte === 0)).toBe(true);
            block.fill(mark + 1);
            live.push({ at, bytes: number, mark: mark + 1 });
          } else {
            for (const { at, bytes } of live.splice(number % live.length, 1)) arena.give(at, bytes);
          }
          for (const { at, bytes, mark } of live) {
            expect(bytesAt(arena, at, bytes).every((byte) => byte === mark)).toBe(true);
          }
        });
        for (const { at, bytes } of live) arena.give(at, bytes);
        expect(arena.usedBytes).toBe(0);
        expect(arena.take(1 << 20)).toBe(65_536);
      }),
      { numRuns: 100 },
    );
  });
});

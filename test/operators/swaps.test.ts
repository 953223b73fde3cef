import { describe, expect, test } from 'vitest';
import { checkSwaps, type Swap, swapsMax, swapsOf } from '../../operators/swaps.js';

const to = (at: number, role: 'champion' | 'challenger', shard?: string): Swap => ({
  at,
  to: role,
  ...(shard ? { shard } : {}),
});

describe('named swaps', () => {
  test('ascend and take turns', () =>
    expect(() => checkSwaps([to(5, 'challenger'), to(9, 'champion'), to(12, 'challenger')])).not.toThrow());
  test('are ordered shard by shard', () => {
    const swaps = [to(50, 'challenger', 'a'), to(5, 'challenger', 'b'), to(7, 'champion', 'b')];
    expect(() => checkSwaps(swaps)).not.toThrow();
    expect(swapsOf(swaps, 'b').map(({ at }) => at)).toEqual([5, 7]);
    expect(swapsOf([...swaps, to(99, 'champion')], 'a').map(({ at }) => at)).toEqual([50, 99]);
  });
  test.each([
    [[to(9, 'challenger'), to(9, 'champion')], 'expected ascending offsets, got 9 after 9'],
    [[to(5, 'champion')], 'expected the one who is not in charge at offset 5, got "champion": leave this swap out'],
    [[to(5, 'challenger'), to(8, 'challenger', 'a')], 'not in charge at offset 8'],
    [[to(-1, 'challenger')], 'challenge.swaps[0].at: expected a whole number of at least 0, got -1'],
    [
      [{ at: 1, to: 'challenger', offset: 3 } as Swap],
      'challenge.swaps[0].offset: expected one of the options at, to, shard',
    ],
    [
      Array.from({ length: swapsMax + 1 }, (_, i) => to(i, i % 2 === 0 ? 'challenger' : 'champion')),
      `expected at most ${swapsMax} for one shard, got ${swapsMax + 1}`,
    ],
  ])('%j is refused', (swaps, message) => expect(() => checkSwaps(swaps)).toThrow(message));
});

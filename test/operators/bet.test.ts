import { describe, expect, test } from 'vitest';
import { betLayout, placeBet, resetBet } from '../../operators/bet.js';
import { Slab } from '../../state/slab.js';
import { chance, normal } from './harness.js';

const begin = () => {
  const slab = new Slab(betLayout);
  return slab.row(slab.add());
};
/** The highest logarithm of the capital over so many pairs of losses. */
function highest(rows: number, pair: (t: number) => readonly [number, number]): number {
  const bet = begin();
  let most = 0;
  for (let t = 0; t < rows; t++) most = Math.max(most, placeBet(bet, ...pair(t)));
  return most;
}

describe('the bet on the shadow', () => {
  test('rarely wins much where the shadow is no better: at most alpha of all runs ever reach 1/alpha', () => {
    const runs = 400;
    let won = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const random = normal(chance(seed));
      // Heavy tails, and one that is looked at after every row.
      const loss = () => Math.abs(random()) * (Math.abs(random()) > 2 ? 20 : 1);
      if (highest(1000, () => [loss(), loss()]) > Math.log(20)) won++;
    }
    expect(won / runs).toBeLessThanOrEqual(0.05);
  });

  test('wins soon where the shadow loses a tenth less', () => {
    const random = normal(chance(3));
    expect(
      highest(4000, () => {
        const common = Math.abs(random());
        return [common + 0.1, common + 0.01 * Math.abs(random())];
      }),
    ).toBeGreaterThan(Math.log(1000));
  });

  test('never stakes on a shadow that is worse, and passes over losses that are none', () => {
    expect(highest(500, () => [1, 2])).toBe(0);
    const bet = begin();
    for (const loss of [Number.NaN, Number.POSITIVE_INFINITY, -1]) placeBet(bet, loss, 1);
    expect(bet.pairs[0]).toBe(0);
  });

  test('is the same in any unit of the losses', () => {
    const random = chance(5);
    const pairs = Array.from({ length: 300 }, (): readonly [number, number] => [random() + 0.2, random()]);
    const small = highest(300, (t) => pairs[t]);
    expect(highest(300, (t) => [1024 * pairs[t][0], 1024 * pairs[t][1]])).toBe(small);
  });

  test('begins anew', () => {
    const bet = begin();
    for (let t = 0; t < 100; t++) placeBet(bet, 2, 1);
    expect(bet.logCapital[0]).toBeGreaterThan(1);
    resetBet(bet);
    expect(Object.values(bet).every(([value]) => value === 0)).toBe(true);
  });
});

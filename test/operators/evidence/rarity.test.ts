import { expect, test } from 'vitest';
import { RarityOf, rarityLayout } from '../../../operators/evidence/rarity.js';
import { chance } from '../harness.js';
import { rowOf } from './row.js';

const rarities = new RarityOf(1);

test('the same newness is rarer in an old key than in a young one, and more of it is rarer', () => {
  const own = rowOf(rarityLayout);
  const shares: number[] = [];
  for (let i = 0; i < 4001; i++) {
    const share = rarities.judge(own, [200, 1000, 4000].includes(i) ? 4 : 0);
    if (share < 1) shares.push(share);
  }
  expect(shares.toSorted((a, b) => b - a)).toEqual(shares);
  expect(rarities.judge(own, 8)).toBeLessThan(shares[2] as number);
});

test('a key with many outbreaks is believed to have many, and one anomaly does not hide the next', () => {
  const quiet = rowOf(rarityLayout);
  const lively = rowOf(rarityLayout);
  const random = chance(5);
  for (let i = 0; i < 5000; i++) {
    rarities.judge(quiet, 0);
    rarities.judge(lively, random() < 0.01 ? -2 * Math.log(1 - random()) : 0);
  }
  expect(rarities.judge(lively, 5)).toBeGreaterThan(3 * rarities.judge(quiet, 5));
  rarities.judge(lively, 30);
  for (let i = 0; i < 100; i++) rarities.judge(lively, 0);
  expect(rarities.judge(lively, 30)).toBeLessThan(1e-4);
});

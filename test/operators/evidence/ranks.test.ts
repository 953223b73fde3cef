import { expect, test } from 'vitest';
import { forgetRanks, type Ranks, rank, ranksLayout } from '../../../operators/evidence/ranks.js';
import { chance, normal } from '../../chance.js';
import { rowOf } from './row.js';

const places = 60;
const placeOf = (x: number): number => Math.max(0, Math.min(places - 1, Math.floor(30 - 8 * x)));

/** Exchangeable sequences, each of another nature; only the first three are of independent rows. */
const sequences: Record<string, (random: () => number) => () => number> = {
  normal: (random) => () => placeOf(normal(random)),
  'heavy tails': (random) => () => placeOf(1 / (random() - 0.5)),
  'three values, one of them in nine of ten': (random) => () => (random() < 0.9 ? 30 : random() < 0.5 ? 0 : 59),
  'another spread in every sequence': (random) => {
    const spread = 0.1 + 5 * random();
    return () => placeOf(spread * normal(random));
  },
  'an urn in which what came comes more often': (random) => {
    const seen: number[] = [];
    return () => {
      const at = Math.floor((seen.length + 2) * random());
      seen.push(seen[at] ?? Math.floor(places * random()));
      return seen.at(-1) as number;
    };
  },
};

/** Furthest that the share of numbers below any level is from the level, in its quantile of one in 10,000 (Kolmogorov). */
function distance(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const far = sorted.map((x, i) => Math.max(Math.abs(x - i / sorted.length), Math.abs(x - (i + 1) / sorted.length)));
  return (far.reduce((most, x) => Math.max(most, x), 0) * Math.sqrt(sorted.length)) / 2.225;
}

/** p-values of the last row of many sequences so long, each beside that of the row before. */
function ranked(next: (random: () => number) => () => number, rows: number, ranks: typeof rank): [number, number][] {
  const [random, draw] = [chance(11), chance(987_654)];
  return Array.from({ length: 6000 }, () => {
    const own = rowOf(ranksLayout(places));
    const one = next(random);
    let last: [number, number] = [0, 0];
    for (let i = 0; i < rows; i++) last = [last[1], ranks(own, one(), draw())];
    return last;
  });
}
const product = (pairs: readonly [number, number][]): number =>
  pairs.reduce((sum, [a, b]) => sum + 12 * (a - 0.5) * (b - 0.5), 0) / Math.sqrt(pairs.length);

for (const [name, next] of Object.entries(sequences)) {
  test(`p-values are uniform and hang on none before, however short the past: ${name}`, () => {
    for (const rows of [2, 3, 10, 40]) {
      const pairs = ranked(next, rows, rank);
      expect(distance(pairs.map(([, p]) => p))).toBeLessThan(1);
      // Of independent uniform numbers this is standard normal.
      expect(Math.abs(product(pairs))).toBeLessThan(3.9);
    }
  });
}

test('what is not exact is found: a rank without the row itself, ties that all count, a past that is forgotten', () => {
  const without = (own: Ranks, place: number, u: number): number =>
    Math.max(0, (rank(own, place, u) * own.rows[0] - u) / Math.max(1, own.rows[0] - 1));
  expect(distance(ranked(sequences.normal, 10, without).map(([, p]) => p))).toBeGreaterThan(1);
  const ties = (own: Ranks, place: number): number => rank(own, place, 1);
  const discrete = sequences['three values, one of them in nine of ten'];
  expect(distance(ranked(discrete, 10, ties).map(([, p]) => p))).toBeGreaterThan(1);
  // Ranks among the last two rows alone are uniform, but not independent.
  const lately = (next: (random: () => number) => () => number) => (random: () => number) => {
    const one = next(random);
    return () => one();
  };
  let before = 0;
  const among = (own: Ranks, place: number, u: number): number => {
    forgetRanks(own);
    rank(own, before, u);
    before = place;
    return rank(own, place, u);
  };
  expect(Math.abs(product(ranked(lately(sequences.normal), 10, among)))).toBeGreaterThan(5);
});

test('counts are those of all rows, at the first place and at the last', () => {
  const own = rowOf(ranksLayout(places));
  expect(rank(own, 59, 0.5)).toBe(0.5);
  expect(rank(own, 0, 0.5)).toBe(0.25);
  expect(rank(own, 59, 0.5)).toBeCloseTo(2 / 3, 12);
  expect(rank(own, 30, 0.5)).toBeCloseTo(1.5 / 4, 12);
  forgetRanks(own);
  expect(rank(own, 30, 0.25)).toBe(0.25);
});

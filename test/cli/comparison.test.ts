import { describe, expect, test } from 'vitest';
import { comparisonIn, comparisonTable } from '../../cli/comparison.js';
import { paint } from '../../cli/view/text.js';
import type { Comparison } from '../../operators/comparison.js';

const comparison: Comparison = {
  horizons: [
    {
      horizon: 1,
      values: 900,
      crps: [2.5, 2],
      coverage: [
        { 80: 0.79, 98: 0.981 },
        { 80: 0.8, 98: 0.979 },
      ],
    },
    {
      horizon: 5,
      values: 880,
      crps: [4, 4.25],
      coverage: [
        { 80: 0.78, 98: 0.98 },
        { 80: 0.81, 98: 0.982 },
      ],
    },
  ],
  rows: 1000,
  alarms: [3, 5],
  inCharge: [600, 400],
  refused: [0, 2],
  swaps: [{ at: 600, to: 'challenger' }],
  automaticSwaps: 1,
  keys: [1, 2],
  evidence: 42,
};

describe('a comparison as text', () => {
  test('both sides per horizon, then cost, who was in charge, swaps and evidence', () => {
    const sides = { names: ['old', 'new'], bytes: [9000, 12_000], micros: [6.26, 8] } as const;
    expect(`\n${comparisonTable(sides, comparison, 100, paint(false)).join('\n')}\n`).toBe(`
Champion against challenger, on 1,000 rows that both answered:
 Ahead  Configuration    CRPS  in 80 %  in 98 %
──────  ───────────────  ────  ───────  ───────
 1 row  champion: old     2.5   79.0 %   98.1 %
        challenger: new     2   80.0 %   97.9 %
5 rows  champion: old       4   78.0 %   98.0 %
        challenger: new  4.25   81.0 %   98.2 %
alarms: 3 and 5; bytes per key: 9,000 and 12,000; µs per event: 6.3 and 8.0
in charge of rows: 600 and 400; of keys now: 1 and 2; rows refused: 0 and 2
swaps: challenger at offset 600, 1 time by evidence, key by key; evidence that the one in the shadow is better: 42 to 1
`);
  });
  test('nothing while nothing was compared, and of a pipeline without a challenge', () => {
    expect(comparisonTable({ names: ['a', 'b'] }, { ...comparison, rows: 0 }, 100, paint(false))).toEqual([]);
    expect(comparisonIn({}, undefined)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shareWeights } from '../../models/fixed-share.js';
import { chance } from '../chance.js';

const rate = 0.05;
const share = 0.001;

/** Losses of the mixture, and what its second-order term adds up to. */
function follow(losses: readonly Float64Array[]) {
  const experts = losses[0].length;
  const weight = new Float64Array(experts).fill(1 / experts);
  let own = 0;
  let squares = 0;
  for (const loss of losses) {
    for (let k = 0; k < experts; k++) {
      own += weight[k] * loss[k];
      squares += weight[k] * loss[k] * loss[k];
    }
    shareWeights(weight, 0, loss, experts, rate, share);
  }
  return { own, squares, weight };
}

/** The least loss of any sequence of experts that changes at most m times, for m = 0 .. most. */
function bestSequences(losses: readonly Float64Array[], most: number): number[] {
  const experts = losses[0].length;
  let best = Array.from({ length: most + 1 }, () => new Float64Array(experts));
  for (const loss of losses) {
    best = best.map((own, m) => {
      const switched = m > 0 ? Math.min(...best[m - 1]) : Number.POSITIVE_INFINITY;
      return own.map((sum, k) => loss[k] + Math.min(sum, switched));
    });
  }
  return best.map((sums) => Math.min(...sums));
}

const boundOf = (experts: number, rows: number, switches: number, squares: number): number =>
  ((switches + 1) * Math.log(experts) +
    switches * Math.log(1 / share) +
    (rows - switches - 1) * Math.log(1 / (1 - share))) /
    rate +
  rate * squares;

describe('fixed share', () => {
  test('keeps its bound against the best sequence of experts, whatever the losses', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.constantFrom('random', 'turns', 'against'),
        (experts, rows, seed, kind) => {
          const random = chance(seed);
          const losses = Array.from({ length: rows }, (_, t) =>
            Float64Array.from({ length: experts }, (_, k) => {
              if (kind === 'turns') return k === Math.floor(t / 50) % experts ? -20 : 20 * random();
              return 40 * random() - 20;
            }),
          );
          // The worst that can be done to it: whoever it trusts most loses most.
          if (kind === 'against') {
            const weight = new Float64Array(experts).fill(1 / experts);
            for (const loss of losses) {
              const trusted = weight.indexOf(Math.max(...weight));
              for (let k = 0; k < experts; k++) loss[k] = k === trusted ? 20 : -20 * random();
              shareWeights(weight, 0, loss, experts, rate, share);
            }
          }
          const { own, squares } = follow(losses);
          bestSequences(losses, 6).forEach((best, m) => {
            expect(own - best).toBeLessThanOrEqual(boundOf(experts, rows, m, squares) + 1e-6);
          });
        },
      ),
      { numRuns: 150, seed: 9 },
    );
  });

  test('weights stay a distribution in which nobody is forgotten, whatever was lost', () => {
    const { weight } = follow(Array.from({ length: 5000 }, () => Float64Array.of(-20, 20, 20)));
    expect(weight.reduce((sum, w) => sum + w)).toBeCloseTo(1, 12);
    expect(Math.min(...weight)).toBeGreaterThanOrEqual(share / 3);
  });

  test('goes over to another expert within some rows of a change', () => {
    const first = Array.from({ length: 3000 }, () => Float64Array.of(-1, 1));
    const then = Array.from({ length: 200 }, () => Float64Array.of(1, -1));
    expect(follow([...first, ...then]).weight[1]).toBeGreaterThan(0.9);
  });
});

import { describe, expect, test } from 'vitest';
import { type LogOptions, sequenceLog } from '../../evaluation/sequence-log.js';
import { sequenceSubjects } from '../../evaluation/sequence-predictors.js';
import { accuracyAt, elementsToRelearn, elementsUntil, followSequences } from '../../evaluation/sequence-score.js';

const follow = (memory: string, options: LogOptions) => {
  const subject = sequenceSubjects[memory](options.seed);
  const hits = followSequences(sequenceLog(options), subject);
  subject.close();
  return hits;
};

describe('the sequence benchmark', () => {
  test('only the last element is scored, and a swap exchanges the endings of a pair', () => {
    const endings = (swapAt: number) => {
      const log = sequenceLog({ elements: 4000, seed: 3, swapAt });
      const firstOf = new Map<string, number>();
      log.forEach(({ scored, code }, i) => {
        if (!scored) return;
        const length = log[i - 7] && log[i - 7].code < 10 ? 8 : 7;
        const start = log.slice(i - length + 1, i).map((element) => element.code);
        firstOf.set(start.join(), code);
      });
      return firstOf;
    };
    const [before, after] = [endings(4000), endings(0)];
    expect(before.size).toBe(8);
    expect([...before.keys()].sort()).toEqual([...after.keys()].sort());
    expect([...before].every(([start, end]) => after.get(start) !== end)).toBe(true);
    expect([...before.values()].sort()).toEqual([...after.values()].sort());
  });

  test('suffix match gets to 95 % where it is known to, in the median of ten seeds', () => {
    // Known from one other draw of the log: 869 to 902. Single seeds lie between 858 and 907.
    const reached = Array.from({ length: 10 }, (_, seed) =>
      elementsUntil(follow('suffix-match', { elements: 1500, seed }), 0.95),
    ).sort((a, b) => a - b);
    expect((reached[4] + reached[5]) / 2).toBeGreaterThanOrEqual(869);
    expect((reached[4] + reached[5]) / 2).toBeLessThanOrEqual(902);
  });

  test('HTM knows every sequence by 3,000 elements, and learns swapped endings', () => {
    const hits = follow('htm', { elements: 4500, seed: 1, swapAt: 3000 });
    expect(accuracyAt(hits, 3000)).toBeGreaterThanOrEqual(0.95);
    expect(elementsToRelearn(hits, 0.95, 3000)).toBeLessThanOrEqual(1400);
  });

  test('HTM keeps the context over a wrong element', () => {
    const hits = follow('htm', { elements: 5000, seed: 1, noiseFrom: 0 });
    expect(accuracyAt(hits, 5000)).toBeGreaterThanOrEqual(0.65);
  });
});

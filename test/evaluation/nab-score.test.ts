import { describe, expect, test } from 'vitest';
import { mismatches } from '../../evaluation/benchmark.js';
import type { Window } from '../../evaluation/data/nab.js';
import {
  nabAlarms,
  nabLeaveOneOut,
  nabSweep,
  probationRows,
  profiles,
  type ScoredFile,
} from '../../evaluation/nab-score.js';
import { nab } from '../../evaluation/protocols/nab.js';
import { chance } from '../chance.js';
import { sharedData, withData } from './shared-data.js';

/** The score of one threshold straight from the definition, one file and one row at a time. */
function naive(files: readonly ScoredFile[], threshold: number, { tp, fn, fp }: (typeof profiles)[number]): number {
  const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1);
  let raw = 0;
  let count = 0;
  for (const { scores, windows } of files) {
    count += windows.length;
    const best = windows.map(() => Number.NEGATIVE_INFINITY);
    for (let i = probationRows(scores.length); i < scores.length; i++) {
      if (scores[i] < threshold) continue;
      const inside = windows.findIndex(([a, b]) => i >= a && i <= b);
      if (inside >= 0) {
        const [a, b] = windows[inside];
        best[inside] = Math.max(best[inside], (tp * sigmoid(-(b - i + 1) / (b - a + 1))) / sigmoid(-1));
        continue;
      }
      const before = windows.findLast(([, b]) => b < i);
      raw += before ? fp * sigmoid((i - before[1]) / (before[1] - before[0])) : -fp;
    }
    raw += best.reduce((sum, value) => sum + (value === Number.NEGATIVE_INFINITY ? -fn : value), 0);
  }
  return (100 * (raw + count * fn)) / (count * (tp + fn));
}

const windowsOf: readonly Window[][] = [
  [[60, 79]],
  [
    [90, 109],
    [160, 189],
  ],
  [],
];

function files(seed: number, distinct: number): ScoredFile[] {
  const random = chance(seed);
  return windowsOf.map((windows, at) => ({
    name: `file ${at}`,
    windows,
    scores: Float64Array.from({ length: 220 }, (_, i) => {
      const lift = windows.some(([a, b]) => i >= a && i <= b) ? 0.2 : 0;
      return Math.floor((random() * 0.8 + lift) * distinct) / distinct;
    }),
  }));
}

describe('the sweep over thresholds', () => {
  test.each([10, 1000])('finds the best of all thresholds, with %i distinct scores', (distinct) => {
    for (let seed = 1; seed <= 5; seed++) {
      const scored = files(seed, distinct);
      const thresholds = [...new Set(scored.flatMap(({ scores }) => [...scores])), 1.1];
      nabSweep(scored).forEach(({ score, threshold }, p) => {
        const all = thresholds.map((t) => naive(scored, t, profiles[p]));
        expect(score).toBeCloseTo(Math.max(...all), 9);
        expect(naive(scored, threshold, profiles[p])).toBeCloseTo(score, 9);
      });
    }
  });

  test('leaving one file out judges it at the best threshold of the others', () => {
    const scored = files(3, 1000);
    const results = nabLeaveOneOut(scored);
    profiles.forEach((profile, p) => {
      const parts = scored.map((_, at) => {
        const others = scored.filter((_file, other) => other !== at);
        const { threshold } = nabSweep(others)[p];
        // Raw points of the one file: what it adds to a corpus of the three.
        const without = scored.map((each, other) =>
          other === at ? each : { ...each, scores: each.scores.map(() => -1) },
        );
        const silent = scored.map((each) => ({ ...each, scores: each.scores.map(() => -1) }));
        return naive(without, Math.max(threshold, -0.5), profile) - naive(silent, 0, profile);
      });
      expect(results[p].score).toBeCloseTo(
        parts.reduce((sum, part) => sum + part, 0),
        9,
      );
    });
  });

  test('a threshold from all files is never worse than those from the others', () => {
    const scored = files(4, 1000);
    const swept = nabSweep(scored);
    const leftOut = nabLeaveOneOut(scored);
    for (const [p, { score }] of leftOut.entries()) expect(score).toBeLessThanOrEqual(swept[p].score + 1e-9);
  });
});

describe('the ends of the scale', () => {
  const marked = (mark: (file: number, row: number) => boolean): ScoredFile[] =>
    windowsOf.map((windows, at) => ({
      name: `file ${at}`,
      windows,
      scores: Float64Array.from({ length: 220 }, (_, i) => Number(mark(at, i))),
    }));

  test('the first row of every window and nothing else is 100', () => {
    const perfect = marked((file, row) => windowsOf[file].some(([first]) => first === row));
    for (const { score } of [...nabSweep(perfect), ...nabLeaveOneOut(perfect), ...nabAlarms(perfect)]) {
      expect(score).toBeCloseTo(100, 9);
    }
  });

  test('silence is 0, and alarms without end cost more than they bring', () => {
    for (const { score } of nabAlarms(marked(() => false))) expect(score).toBe(0);
    const [standard, lowFp] = nabAlarms(marked(() => true));
    expect(lowFp.score).toBeLessThan(standard.score);
  });

  test('rows in probation count for nothing', () => {
    expect(probationRows(100)).toBe(15);
    expect(probationRows(22_695)).toBe(750);
    const early = marked((_, row) => row < probationRows(220));
    for (const { score } of nabAlarms(early)) expect(score).toBe(0);
  });

  test('a score that is no number is refused', () => {
    const [first] = files(1, 10);
    first.scores[200] = Number.NaN;
    expect(() => nabSweep([first])).toThrow('file 0, row 200: expected a score, came NaN');
  });
});

withData('nab', 'the published detectors', () => {
  test('get their published scores to 0.01, and about the known ones at thresholds from the other files', () => {
    const references = nab.prepare(`${sharedData}/nab`).references();
    expect(references).toHaveLength(6);
    expect(references.flatMap(mismatches)).toEqual([]);
    // Known to about a tenth: where several thresholds are equally good, another one was taken.
    const known: Record<string, number[]> = {
      ARTime: [73.95, 60.3, 79.47],
      numenta: [69.25, 60.11, 73.46],
      contextOSE: [69.0, 66.03, 72.15],
      htmjava: [63.6, 57.9, 69.15],
      randomCutForest: [47.77, 34.59, 58.93],
      windowedGaussian: [39.65, 20.87, 46.99],
    };
    for (const { name, metrics } of references) {
      const [standard, lowFp, lowFn] = known[name];
      expect(Math.abs(metrics.standard_loo - standard)).toBeLessThan(0.11);
      expect(Math.abs(metrics.reward_low_fp_loo - lowFp)).toBeLessThan(0.11);
      expect(Math.abs(metrics.reward_low_fn_loo - lowFn)).toBeLessThan(0.11);
    }
  });
});

import { expect, test } from 'vitest';
import { calibrationLayout, learnEvidence, shareAbove } from '../../../operators/evidence/calibration.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

test('a share of p comes at a share p of rows, whatever evidence looks like', () => {
  for (const [shift, spread] of [
    [0, 0.3],
    [0.5, 1],
    [-1, 0.2],
  ] as const) {
    const z = normal(chance(6));
    const own = rowOf(calibrationLayout);
    const told = Array.from({ length: 200_000 }, () => {
      const evidence = shift + spread * z();
      const share = shareAbove(own, evidence);
      learnEvidence(own, evidence, 10_000);
      return share;
    }).slice(50_000);
    for (const p of [0.1, 0.01, 0.001]) {
      const ratio = told.filter((share) => share <= p).length / told.length / p;
      expect(ratio).toBeGreaterThan(0.75);
      expect(ratio).toBeLessThan(1.25);
    }
  }
});

test('before anything was seen a lot of evidence is rare and none is common', () => {
  const own = rowOf(calibrationLayout);
  expect(shareAbove(own, 0)).toBeCloseTo(0.5, 2);
  expect(shareAbove(own, 2)).toBeLessThan(0.01);
});

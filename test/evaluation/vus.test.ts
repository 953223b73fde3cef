import { describe, expect, test } from 'vitest';
import { mismatches } from '../../evaluation/benchmark.js';
import { vus } from '../../evaluation/protocols/vus.js';
import { bufferRows, segmentsOf, vusPr } from '../../evaluation/vus.js';
import { chance } from '../chance.js';
import { sharedData, withData } from './shared-data.js';

/** The definition, threshold by threshold and row by row. */
function naive(scores: Float64Array, labels: readonly number[], buffer: number): number {
  const n = scores.length;
  const falling = [...scores].sort((a, b) => b - a);
  const thresholds = Array.from({ length: 250 }, (_, k) => falling[Math.trunc((k * (n - 1)) / 249)]);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const segments = segmentsOf(labels);
  let total = 0;
  for (let w = 0; w <= buffer; w++) {
    const half = Math.floor(w / 2);
    const soft = labels.map(Number);
    const wide: [number, number][] = [];
    for (const [a, b] of segments) {
      for (let k = 1; k <= half; k++) {
        for (const row of [a - k, b + k]) if (row >= 0 && row < n) soft[row] += Math.sqrt(1 - k / w);
      }
      const before = wide.at(-1);
      if (before && a - half <= before[1]) before[1] = Math.min(n - 1, b + half);
      else wide.push([Math.max(0, a - half), Math.min(n - 1, b + half)]);
    }
    const capped = soft.map((value) => Math.min(1, value));
    let recallBefore = 0;
    for (const threshold of thresholds) {
      const predicted = [...scores.keys()].filter((row) => scores[row] >= threshold);
      const tp = predicted.reduce((sum, row) => sum + capped[row], 0);
      const inBuffer = predicted.reduce((sum, row) => sum + (labels[row] ? 0 : capped[row]), 0);
      const hit = wide.filter(([a, b]) => predicted.some((row) => row >= a && row <= b)).length;
      const recall = Math.min(tp / ((positives + positives + inBuffer) / 2), 1) * (hit / wide.length);
      total += (recall - recallBefore) * (tp / predicted.length);
      recallBefore = recall;
    }
  }
  return total / (buffer + 1);
}

describe('VUS-PR', () => {
  test('is what the definition says, with neighbouring segments and ties', () => {
    for (let seed = 1; seed <= 4; seed++) {
      const random = chance(seed);
      const labels = Array.from({ length: 300 }, (_, i) => Number((i > 60 && i < 75) || (i > 80 && i < 84) || i > 292));
      const scores = Float64Array.from(labels, (label) => Math.round(20 * (random() + 0.4 * label)) / 20);
      expect(vusPr(scores, labels, 25)).toBeCloseTo(naive(scores, labels, 25), 12);
    }
  });

  test('is 1 for the labels themselves without a buffer, and low for noise', () => {
    const labels = Array.from({ length: 500 }, (_, i) => Number(i >= 200 && i < 250));
    expect(vusPr(Float64Array.from(labels), labels, 0)).toBeCloseTo(1, 9);
    const random = chance(5);
    const noise = Float64Array.from(labels, () => random());
    expect(vusPr(noise, labels, 20)).toBeLessThan(0.25);
  });

  test('finds the period of the values as the widest buffer', () => {
    const wave = Float64Array.from({ length: 2000 }, (_, i) => Math.sin((2 * Math.PI * i) / 48));
    expect(bufferRows(wave)).toBe(48);
    expect(bufferRows(Float64Array.from({ length: 2000 }, (_, i) => i))).toBe(125);
  });

  test('runs of labels are told by their first and last row', () => {
    expect(segmentsOf([1, 1, 0, 0, 1, 0, 1])).toEqual([
      [0, 1],
      [4, 4],
      [6, 6],
    ]);
  });
});

withData('nab', 'the published detectors on the 14 series', () => {
  test('get the known mean', () => {
    const references = vus.prepare(`${sharedData}/nab`).references();
    expect(references.map(({ name }) => name)).toEqual(['htmjava', 'numenta', 'ARTime']);
    expect(references.flatMap(mismatches)).toEqual([]);
  });
});

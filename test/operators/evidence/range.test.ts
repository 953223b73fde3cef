import { expect, test } from 'vitest';
import { distance, type Range, rangeLayout, remember, widen, widthOf } from '../../../operators/evidence/range.js';
import { rowOf } from './row.js';

const options = { warmupRows: 3, memoryRows: 80 };

/** How far outside a number lies, which is then remembered. */
function novelty(own: Range, x: number, of: typeof options): number {
  const far = distance(own, x, of);
  remember(own, x, of);
  return far;
}

test('how far outside is told in ranges, on both sides, after the warm-up', () => {
  const own = rowOf(rangeLayout);
  expect([0, 5, 10, 9, 15, -15, 15].map((x) => novelty(own, x, options))).toEqual([0, 0, 0, 0, 0.5, 1, 0]);
  expect(widthOf(own)).toBe(30);
});

test('an extreme is forgotten after the memory, not before', () => {
  for (const [rows, known] of [
    [60, true],
    [95, false],
  ] as const) {
    const own = rowOf(rangeLayout);
    novelty(own, 100, options);
    for (let i = 0; i < rows; i++) novelty(own, i % 2, options);
    expect(novelty(own, 90, options) === 0).toBe(known);
  }
});

test('a constant has no range, so that its first change says nothing', () => {
  const own = rowOf(rangeLayout);
  for (let i = 0; i < 50; i++) novelty(own, 7, options);
  expect(novelty(own, 8, options)).toBe(0);
});

test('what lies far outside is remembered as two widths outside, so the next one shows too, and the third is known', () => {
  const own = rowOf(rangeLayout);
  for (let i = 0; i < 20; i++) novelty(own, i % 2, options);
  expect([50, 50, 50, 50, 50].map((x) => Math.round(novelty(own, x, options)))).toEqual([49, 16, 5, 1, 0]);
  // Where nothing ever moved there is no width: the first step is the range.
  const flat = rowOf(rangeLayout);
  for (let i = 0; i < 20; i++) novelty(flat, 7, options);
  expect([1000, 900].map((x) => novelty(flat, x, options))).toEqual([0, 0]);
});

test('what is widened is forgotten like what came in its last row', () => {
  const own = rowOf(rangeLayout);
  for (let i = 0; i < 30; i++) novelty(own, i % 2, options);
  widen(own, -4, 6, options);
  expect(widthOf(own)).toBe(10);
  expect(distance(own, 6, options)).toBe(0);
  for (let i = 0; i < 60; i++) novelty(own, i % 2, options);
  expect(widthOf(own)).toBe(10);
  for (let i = 0; i < 30; i++) novelty(own, i % 2, options);
  expect(widthOf(own)).toBe(1);
});

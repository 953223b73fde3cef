import { expect, test } from 'vitest';
import { noteGap, slotWidthLayout } from '../../operators/slot-width.js';
import { Slab } from '../../state/slab.js';

function widths(gap: (i: number) => number, count: number): number[] {
  const slab = new Slab(slotWidthLayout);
  slab.add();
  const own = slab.row(0);
  const seen: number[] = [];
  for (let i = 0; i < count; i++) if (noteGap(own, gap(i))) seen.push(own.widthMs[0]);
  slab.free();
  return seen;
}

test('the width is the median gap, which pauses and repeated times do not move', () => {
  expect(widths((i) => (i % 10 === 3 ? 3_600_000 : i % 10 === 5 ? 0 : 60_000), 5000)).toEqual([60_000]);
  expect(widths((i) => 59_000 + (i % 3) * 1000, 5000)).toEqual([60_000]);
});

test('nothing is known before there are gaps enough, and a new pace gives a new width, a drift of it does not', () => {
  expect(widths(() => 60_000, 254)).toEqual([]);
  expect(widths((i) => (i < 2000 ? 60_000 : 10_000), 4000)).toEqual([60_000, 10_000]);
  expect(widths((i) => 60_000 + 10 * i, 4000)).toEqual([60_000 + 10 * 127]);
});

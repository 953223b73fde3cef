import { describe, expect, test } from 'vitest';
import { driftDetector } from '../../models/drift.js';
import { Slab } from '../../state/slab.js';
import { chance, normal } from '../chance.js';

/** Rows at which a detector of one horizon alarms. */
function alarms(losses: readonly number[], horizon = 1): number[] {
  const detector = driftDetector([horizon]);
  const slab = new Slab(detector.layout);
  const own = slab.row(slab.add());
  return losses.flatMap((loss, t) => (detector.see(own, 0, loss) ? [t] : []));
}
const sizes = (rows: number, seed: number, scale: (t: number) => number = () => 1): number[] => {
  const random = chance(seed);
  return Array.from({ length: rows }, (_, t) => scale(t) * Math.abs(normal(random)));
};

describe('the drift detector', () => {
  test('is silent for 30,000 rows in which nothing changes', () => expect(alarms(sizes(30_000, 1))).toEqual([]));
  test.each([1.5, 2, 4])('tells within some rows that errors are %s times as large, and comes to rest', (times) => {
    const found = alarms(sizes(6000, 2, (t) => (t < 3000 ? 1 : times)));
    expect(found[0]).toBeGreaterThanOrEqual(3000);
    expect(found[0]).toBeLessThan(3000 + (times > 1.9 ? 60 : 250));
    expect(found.filter((t) => t > 4500)).toEqual([]);
  });
  test('does not mind errors that become smaller', () =>
    expect(alarms(sizes(6000, 3, (t) => (t < 3000 ? 3 : 1)))).toEqual([]));
  test('waits for more where forecasts reach further, for their errors come in runs', () => {
    const losses = sizes(4000, 4, (t) => (t < 2000 ? 1 : 6));
    expect(alarms(losses, 24)[0]).toBeGreaterThan(alarms(losses, 1)[0] + 20);
  });
  test('one absurd loss is no drift, and constant losses are none', () => {
    expect(alarms(sizes(3000, 5).map((loss, t) => (t === 1500 ? 1e9 : loss)))).toEqual([]);
    expect(alarms(Array.from({ length: 500 }, () => 0))).toEqual([]);
  });
});

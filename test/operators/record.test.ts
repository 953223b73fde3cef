import { describe, expect, test } from 'vitest';
import { add, pValue, type Record, type Ruler, recordLayout } from '../../operators/record.js';
import { Slab } from '../../state/slab.js';
import { chance } from './harness.js';

const ruler: Ruler = { width: 0.25, memoryRows: 10_000 };
const record = (): Record => {
  const slab = new Slab(recordLayout);
  return slab.row(slab.add()) as Record;
};
/** Evidence of calibrated forecasts: exponential with mean 1. */
const exponential = (n: number, seed = 1) => {
  const random = chance(seed);
  return Array.from({ length: n }, () => -Math.log(1 - random()));
};

describe('record', () => {
  test('p-values are the share of what was seen, far into the tail', () => {
    const seen = record();
    for (const e of exponential(30_000)) add(seen, ruler, e);
    for (const e of [0.1, 0.5, 1, 2, 3, 4])
      expect(Math.abs(pValue(seen, ruler, e) / Math.exp(-e) - 1)).toBeLessThan(0.15);
    for (const e of [5, 7, 9]) expect(Math.abs(Math.log(pValue(seen, ruler, e)) + e)).toBeLessThan(0.6);
  });

  test('more evidence never has a larger p-value, and none is 0', () => {
    const seen = record();
    for (const e of exponential(3000, 2)) {
      add(seen, ruler, e);
      pValue(seen, ruler, e);
    }
    let before = 1;
    for (let e = 0; e < 31.9; e += 0.01) {
      const p = pValue(seen, ruler, e);
      expect(p).toBeLessThanOrEqual(before * (1 + 1e-9));
      expect(p).toBeGreaterThan(0);
      before = p;
    }
  });

  test('what is old is forgotten', () => {
    const seen = record();
    const short = { ...ruler, memoryRows: 500 };
    for (const e of exponential(2000)) add(seen, short, 5 + e);
    for (const e of exponential(5000, 3)) add(seen, short, e);
    expect(pValue(seen, short, 5)).toBeLessThan(0.03);
  });

  test('weights stay finite for as long as a stream may last', () => {
    const seen = record();
    const short = { ...ruler, memoryRows: 100 };
    for (const e of exponential(20_000)) add(seen, short, e);
    expect(seen.weight[0]).toBeLessThan(2 ** 40);
    expect(seen.total[0] / seen.bins.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 3);
    expect(seen.total[0] / seen.groups.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 3);
  });

  test('an empty record finds nothing strange', () => {
    expect(pValue(record(), ruler, 20)).toBe(1);
  });
});

import { expect, test } from 'vitest';
import { trustOf } from '../../models/trust.js';
import { Slab } from '../../state/slab.js';
import { noise } from './lab.js';

/** What trust is after many rows of which `share` of what was said came true. */
function after(share: number, rows = 2000): number {
  const trust = trustOf(1, 0.99, 0, 1);
  const slab = new Slab(trust.layout);
  slab.add();
  const own = slab.row(0);
  trust.start(own);
  noise(rows, 3).forEach((said, t) => void trust.learn(own, 0, share * said + noise(rows, 4)[t] * 0.01, said));
  const got = trust.of(own, 0);
  slab.free();
  return got;
}

test('trust is the share that comes true, and between none and all of it', () => {
  expect(after(0.6, 500)).toBeCloseTo(0.6, 1);
  expect(after(-1, 500)).toBe(0);
  expect(after(3, 500)).toBe(1);
  expect(after(1, 0)).toBe(0);
});

import { expect, test } from 'vitest';
import { footprint } from '../../evaluation/footprint.js';
import { memoryOf } from '../../models/catalog.js';
import { rowBytes } from '../../state/layout.js';

test('a key takes what its row takes, and little more in a checkpoint', () => {
  const one = footprint('rls', { channels: ['a'], horizons: [5] });
  expect(one.stateBytes).toBe(rowBytes(memoryOf('rls', { channels: 1, horizons: [1, 5] }).keyed));
  expect(one.checkpointBytes).toBeGreaterThanOrEqual(one.stateBytes - 8);
  expect(one.checkpointBytes).toBeLessThan(1.05 * one.stateBytes + 4096);
  const three = footprint('rls', { channels: ['a', 'b', 'c'], horizons: [5] });
  expect(three.stateBytes).toBe(3 * one.stateBytes);
});

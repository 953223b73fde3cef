import { expect, test } from 'vitest';
import { memoryOf } from '../../models/catalog.js';
import { headOf } from '../../models/net.js';
import { cellOf, netNames, netShapes } from '../../models/net-shapes.js';
import { rowBytes } from '../../state/layout.js';

test.each(netNames)('%s: one net for all keys, a few kilobytes for each', (name) => {
  const horizons = [1];
  const model = memoryOf(name, { channels: 1, horizons, weights: 'shared' });
  const cell = cellOf(netShapes[name]);
  // Weights, two moments and a gradient.
  expect(rowBytes(model.shared)).toBeGreaterThan(16 * (cell.weights + headOf(cell, horizons).weights));
  expect(rowBytes(model.keyed)).toBeLessThan(2048);
  expect(model.weights).toBe('shared');
});

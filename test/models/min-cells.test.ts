import { describe, expect, test } from 'vitest';
import { minCell, minGru, minLstm } from '../../models/min-cells.js';
import { expectSound, followed, shareOfRls } from './cells.js';

describe.each([
  ['gru', minGru],
  ['lstm', minLstm],
] as const)('min-%s', (kind, memory) => {
  const cell = (rate: number) => minCell({ kind, inputs: 4, units: 8, rate });
  test('its gradients lead to a target that an untrained cell cannot say', () =>
    expect(followed(cell(0.003))).toBeLessThan(0.15 * followed(cell(0))));
  test('learns chaos, of which least squares knows next to nothing', () =>
    expect(shareOfRls(memory)).toBeLessThan(0.7));
  test('goes on with the same bits, stays finite, knows no other channel and nothing ahead', () => expectSound(memory));
});

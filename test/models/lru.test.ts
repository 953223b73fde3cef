import { expect, test } from 'vitest';
import { lruCell, ssm } from '../../models/lru.js';
import { expectSound, followed, shareOfRls } from './cells.js';

const cell = (rate: number) => lruCell({ inputs: 4, units: 8, rate });

test('its gradients lead to a target that an untrained cell cannot say', () =>
  expect(followed(cell(0.003))).toBeLessThan(0.15 * followed(cell(0))));
test('does no harm where it cannot help', () => expect(shareOfRls(ssm)).toBeLessThan(1.02));
test('goes on with the same bits, stays finite, knows no other channel and nothing ahead', () => expectSound(ssm));

import { expect, test } from 'vitest';
import { lstm, lstmCell } from '../../models/lstm.js';
import { expectSound, followed, shareOfRls } from './cells.js';

const cell = (rate: number) => lstmCell({ inputs: 4, units: 8, steps: 8, reach: 4, rate });

test('its gradients lead to a target that an untrained cell cannot say', () =>
  expect(followed(cell(0.003))).toBeLessThan(0.15 * followed(cell(0))));
test('learns chaos, of which least squares knows next to nothing', () => expect(shareOfRls(lstm)).toBeLessThan(0.3));
test('goes on with the same bits, stays finite, knows no other channel and nothing ahead', () => expectSound(lstm));

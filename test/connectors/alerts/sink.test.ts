import { expect, test } from 'vitest';
import { Refused, TryAgain } from '../../../connectors/alerts/sink.js';

test('the two failures are told apart by name, and one says when to come again', () => {
  expect(new Refused('x').name).toBe('Refused');
  expect(new TryAgain('x', 5)).toMatchObject({ name: 'TryAgain', afterMs: 5 });
});

import { expect, test } from 'vitest';
import { AlertMessages } from '../../pipelines/alert-messages.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';

const timing = { waitMs: 30, intervalMs: 300, repeatMs: 4000, sendResolved: true };

test('counts what a replay tells: after the wait, the interval and the repeat, and at the end what is left', () => {
  const count = new AlertMessages(timing);
  count.accept(alertOf({ id: 'a' }), 0);
  count.accept(alertOf({ id: 'b' }), 10);
  count.accept(alertOf({ id: 'b' }), 20);
  count.advance(31);
  expect(count.messages).toBe(1);
  count.advance(4031);
  expect(count.messages).toBe(2);
  count.accept(resolvedOf({ id: 'a' }), 5000);
  count.accept(alertOf({ id: 'c' }), 5400);
  expect(count.messages).toBe(3);
  count.end();
  expect([count.messages, [...count.told]]).toEqual([4, ['a', 'b', 'c']]);
});

test('an alert that is part of one of many keys is in no message of its own', () => {
  const count = new AlertMessages(timing);
  const source = { topic: 'log', partition: 0, offset: 1 };
  const together = { keys: 9, of: 10 };
  count.accept(alertOf({ id: 'a', source }), 0);
  count.accept(alertOf({ id: 'crowd', together, source, timeMs: Date.UTC(2026, 0, 1) + 20 }), 20);
  count.end();
  expect([count.messages, [...count.told]]).toEqual([1, ['crowd']]);
});

test('a jump of all keys is one message more where another alert of the rule is open', () => {
  const count = new AlertMessages(timing);
  const source = { topic: 'log', partition: 0, offset: 1 };
  count.accept(alertOf({ id: 'dead', source }), 0);
  count.advance(31);
  count.accept(alertOf({ id: 'a', source }), 1000);
  count.advance(1010);
  const crowd = { id: 'crowd', together: { keys: 9, of: 10 }, source };
  count.accept(alertOf({ ...crowd, timeMs: Date.UTC(2026, 0, 1) + 20 }), 1020);
  count.advance(1031);
  expect([count.messages, [...count.told]]).toEqual([2, ['dead', 'crowd']]);
});

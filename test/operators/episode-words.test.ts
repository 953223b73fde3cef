import { expect, test } from 'vitest';
import { markedBy, why } from '../../operators/episode-words.js';

const numbers = { channel: 'flow', actual: 9, expected: 5, low: 4, high: 6, alarms: 1, startMs: 0, endMs: 0 };

test('a row outside its band is told by how far, one within by what was new, and a quantity in the place of both', () => {
  expect(why(numbers, { told: {} })).toBe('flow 9 where 5 (4 to 6) was expected: 80 % higher');
  expect(why({ ...numbers, actual: 5.5 }, { told: {}, cause: 'rows come faster' })).toBe(
    'flow 5.5 where 5 (4 to 6) was expected: rows come faster',
  );
  const quantity = { name: 'mean of 20 rows', rows: 20, actual: 7, low: 1, high: 6.5 };
  expect(why({ ...numbers, alarms: 3, endMs: 7_200_000 }, { told: {}, quantity })).toBe(
    'flow: the mean of 20 rows is 7 where 1 to 6.5 is usual; 3 alarms in 2 hours',
  );
});

test('what is of the key stands behind the row, and alone where nothing was expected of the row', () => {
  const quantity = { name: 'time between rows, mean of 10', rows: 10, unit: 's', actual: 30, low: 900, high: 910 };
  const pace = 'the time between rows, mean of 10 is 30 s where 900 to 910 is usual';
  expect(why({ ...numbers, actual: 5 }, { told: {}, quantity, ofKey: true })).toBe(
    `flow 5 where 5 (4 to 6) was expected: ${pace}`,
  );
  expect(why({ ...numbers, actual: Number.NaN }, { told: {}, quantity, ofKey: true })).toBe(pace);
});

test('words say what came and what was expected; fields that were not stand behind', () => {
  const word = { actual: 'FAULT', expected: [{ word: 'OPEN', probability: 0.93 }] };
  expect(why(numbers, { told: { word } })).toBe('flow FAULT where OPEN (93 %) was expected');
  const unexpected = [{ field: 'hour', share: 0.8, instead: '14:28' }];
  expect(why(numbers, { told: { unexpected } })).toMatch(/80 % higher; least expected: hour \(14:28 was\)$/);
  expect(why({ ...numbers, actual: Number.NaN }, { told: {} })).toBe('flow was not as it used to be');
});

test('marks weigh as long as they have not all but faded', () => {
  expect([markedBy(2), markedBy(-1), markedBy(0.04), markedBy(0)]).toEqual([
    { verdict: 'expected', nats: 2 },
    { verdict: 'real', nats: -1 },
    ...[undefined, undefined],
  ]);
});

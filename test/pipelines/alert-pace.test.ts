import { expect, test } from 'vitest';
import { AlertBook } from '../../pipelines/alert-book.js';
import { comeTo, comeToChange, doAgain } from '../../pipelines/alert-pace.js';
import { anewMs } from '../../pipelines/event-clock.js';
import { alertOf } from '../connectors/alerts/server.js';

const timing = { waitMs: 30, intervalMs: 300, repeatMs: 4000, sendResolved: true };
function bookOf(ids: readonly string[], way = timing): AlertBook {
  const book = new AlertBook('grouped');
  ids.forEach((id, i) => void book.accept(alertOf({ id }), id, {}, way, 10 * i));
  return book;
}

test('groups are told in the order in which they are due, each at its time; what is due at the moment itself may have company', () => {
  const book = bookOf(['a', 'b']);
  expect(comeTo(book, 30)).toEqual([]);
  expect(comeTo(book, 41)).toEqual([
    { op: 'sealed', group: 'a', atMs: 30 },
    { op: 'sealed', group: 'b', atMs: 40 },
  ]);
  expect(comeTo(book, 8000).map(({ atMs }) => atMs)).toEqual([4030, 4040]);
});

test('what would be too much for the receiver waits in its group', () => {
  const book = bookOf(['a', 'b']);
  expect(comeTo(book, 50, 1)).toHaveLength(1);
  const taken = book.take(Number.NEGATIVE_INFINITY);
  if (taken) book.delivered(taken.receipt, 50);
  expect(comeTo(book, 50, 1)).toEqual([{ op: 'sealed', group: 'b', atMs: 40 }]);
});

test('a change long before the newest time begins time anew: what waits is told first, and nothing of the past is repeated', () => {
  const seldom = { ...timing, repeatMs: 3 * anewMs };
  const book = bookOf(['a'], seldom);
  comeTo(book, 31);
  book.accept(alertOf({ id: 'b' }), 'b', {}, seldom, 2 * anewMs);
  const late = comeToChange(book, { timeMs: 2 * anewMs - 5 });
  expect(late).toEqual({ steps: [], atMs: 2 * anewMs });
  const { steps, atMs } = comeToChange(book, { timeMs: 100 });
  expect(steps).toEqual([
    { op: 'sealed', group: 'b', atMs: 2 * anewMs },
    { op: 'back', atMs: 100, past: true },
  ]);
  expect(atMs).toBe(100);
  expect(comeTo(book, 100 * anewMs)).toEqual([]);
});

test('what was noted can be done again', () => {
  const [book, again] = [bookOf(['a', 'b']), bookOf(['a', 'b'])];
  for (const step of [...comeTo(book, 35), ...comeToChange(book, { timeMs: -2 * anewMs }).steps]) doAgain(again, step);
  expect(again.state).toEqual(book.state);
});

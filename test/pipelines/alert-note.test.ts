import { expect, test } from 'vitest';
import { AlertBook } from '../../pipelines/alert-book.js';
import { type Note, takeNote } from '../../pipelines/alert-note.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';

const way = { group: 'g', labels: {}, timing: { waitMs: 30, intervalMs: 300, repeatMs: 0, sendResolved: true } };
const notes: Note[] = [
  { op: 'came', atMs: 0, alert: alertOf({ id: 'a' }), way },
  { op: 'came', atMs: 5, alert: alertOf({ id: 'b' }), way },
  { op: 'silence', atMs: 10, id: 'b', by: 's', eventMs: 10 },
  { op: 'sealed', atMs: 30, group: 'g' },
  { op: 'came', atMs: 50, alert: resolvedOf({ id: 'a' }), way },
  { op: 'dropped', id: 'b', revision: 1 },
];

test('notes make the book that they were taken of, and all they have come to makes the same', () => {
  const book = notes.reduce(takeNote, new AlertBook('grouped'));
  const sealed = book.take(Number.NEGATIVE_INFINITY);
  expect(sealed?.delivery.alerts.map(({ id, status }) => `${id} ${status}`)).toEqual(['a firing']);
  if (sealed) takeNote(book, { op: 'went', atMs: 60, receipt: sealed.receipt });
  takeNote(book, { op: 'back', atMs: 20 });
  expect(book.dueBefore(1000)).toEqual({ group: 'g', atMs: 320 });
  const all: Note = { op: 'all', manner: 'grouped', state: JSON.parse(JSON.stringify(book.state)) };
  expect(takeNote(new AlertBook('grouped'), all).state).toEqual(book.state);
});

test('what was noted of another manner of sink is begun anew', () => {
  const book = notes.reduce(takeNote, new AlertBook('grouped'));
  const other = takeNote(new AlertBook('each'), { op: 'all', manner: 'grouped', state: book.state });
  expect([other.manner, other.size, other.waiting]).toEqual(['each', 0, 0]);
});

import type { Alert } from '../event.js';
import { AlertBook, type BookState } from './alert-book.js';
import type { Receipt, Timing } from './alert-group.js';
import { doAgain, type Step } from './alert-pace.js';

/** How an alert is grouped by the route that it takes. */
export interface Way {
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timing: Timing;
}

/** What the journal holds: the calls of the book, in order, and now and then all they have come to. */
export type Note =
  | { readonly op: 'all'; readonly manner: AlertBook['manner']; readonly state: BookState }
  | { readonly op: 'came'; readonly atMs: number; readonly alert: Alert; readonly way: Way }
  | {
      readonly op: 'silence';
      readonly atMs: number;
      readonly id: string;
      readonly by?: string;
      readonly eventMs?: number;
    }
  | Step
  | { readonly op: 'went'; readonly atMs: number; readonly receipt: Receipt }
  | { readonly op: 'dropped'; readonly id: string; readonly revision: number };

/** Does to a book what was noted of one: the book that comes of it, which is another after all it had come to. */
export function takeNote(book: AlertBook, note: Note): AlertBook {
  switch (note.op) {
    case 'all':
      return new AlertBook(book.manner, note.manner === book.manner ? note.state : undefined);
    case 'came':
      book.accept(note.alert, note.way.group, note.way.labels, note.way.timing, note.atMs);
      return book;
    case 'silence':
      book.silence(note.id, note.by, note.atMs, note.eventMs);
      return book;
    case 'sealed':
    case 'back':
      doAgain(book, note);
      return book;
    case 'went':
      book.delivered(note.receipt, note.atMs);
      return book;
    case 'dropped':
      book.drop(note.id, note.revision);
      return book;
  }
}

import type { Alert } from '../event.js';
import type { AlertBook } from './alert-book.js';
import { anewMs } from './event-clock.js';

/**
 * By what the time goes on in which groups wait: `live` the clock on the wall; `log` the rows that have come, and nothing
 * else, so that a replay tells what a live run would have told; `pipe` the rows, and the clock on from the last of them
 * where none comes.
 */
export type GroupTime = 'live' | 'log' | 'pipe';

/** What the groups of a book did as time went on, for a journal. */
export type Step =
  | { readonly op: 'sealed'; readonly atMs: number; readonly group: string }
  | { readonly op: 'back'; readonly atMs: number; readonly past?: boolean };

/**
 * Lets event time come to a moment: every group that was due before is told as it stands, in the order in which they were
 * due. At most `limit` alerts wait in such tellings: of the rest the groups wait, and are told together later.
 */
export function comeTo(book: AlertBook, eventMs: number, limit = Number.POSITIVE_INFINITY, hurry = false): Step[] {
  const steps: Step[] = [];
  for (;;) {
    const due = book.dueBefore(eventMs, hurry);
    if (!due) return steps;
    if (!book.seal(due.group, due.atMs, limit)) return steps;
    steps.push({ op: 'sealed', ...due });
  }
}

/**
 * Lets event time come to a change that is new, and gives the time at which the book takes it in. Where it lies long before
 * the newest time, time has begun anew: what waited is told, as nobody else of its time will come.
 */
export function comeToChange(
  book: AlertBook,
  { timeMs }: Pick<Alert, 'timeMs'>,
  limit?: number,
): { steps: Step[]; atMs: number } {
  const steps: Step[] = [];
  if (timeMs < book.clockMs - anewMs) {
    steps.push(...comeTo(book, Number.POSITIVE_INFINITY, limit, true));
    book.back(timeMs, true);
    steps.push({ op: 'back', atMs: timeMs, past: true });
  }
  steps.push(...comeTo(book, timeMs, limit));
  return { steps, atMs: Math.max(timeMs, book.clockMs) };
}

/** Does what was noted, as it was done then. */
export function doAgain(book: AlertBook, step: Step): void {
  if (step.op === 'sealed') book.seal(step.group, step.atMs);
  else book.back(step.atMs, step.past);
}

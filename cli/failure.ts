import { plain } from './view/text.js';

/** What was asked for cannot be done as it was written; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** True when the reader of our output has gone, as `| head` does: nobody is left to tell. */
export const isBrokenPipe = (error: unknown): boolean => (error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE';

/** Errors of the language, which no user can mend: their stack is worth more than their message. */
const bugs = [TypeError, ReferenceError, SyntaxError, EvalError];

/** Texts of files and columns stand in messages: nothing in them may reach the terminal but as text. */
const harmless = (text: string): string => text.split('\n').map(plain).join('\n');

/** An error for people: what went wrong, and with `verbose` where in the program. */
export const describeFailure = (error: unknown, verbose: boolean): string => harmless(described(error, verbose));

function described(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return `engram: ${String(error)}`;
  if (verbose)
    return `engram: ${error.stack ?? error.message}${error.cause ? `\ncaused by ${describeCause(error.cause)}` : ''}`;
  const bug = bugs.some((kind) => error.constructor === kind);
  return bug
    ? `engram: a fault of the program: ${error.message}. The same command with --verbose shows where.`
    : `engram: ${error.message}`;
}

const describeCause = (cause: unknown): string =>
  cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);

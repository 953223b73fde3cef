import type { Reject } from '../event.js';

/**
 * Why sources refuse a row: the policy for every bad input they can meet. A refused row counts in the offsets, so these
 * stay the same whatever is refused.
 *
 * | input                                                        | what happens                                        |
 * |--------------------------------------------------------------|-----------------------------------------------------|
 * | empty field, `NaN`, `nan`, `NA`, `N/A`, `null`, `NULL`, null  | the channel is missing (NaN), the row is kept       |
 * | a JSON object without one of several channels                | the channel is missing, the row is kept             |
 * | text, `Infinity` or an overflow where a number belongs       | reject `not-a-number`                               |
 * | a number above 1e18 in size                                  | reject `too-large`                                  |
 * | a time that does not parse, is empty, or is no calendar date | reject `not-a-time`                                 |
 * | fewer fields than the header; JSON without any channel       | reject `missing-column`                             |
 * | more fields than the header                                  | reject `extra-column`                               |
 * | an empty or missing key                                      | reject `missing-key`                                |
 * | a key above 1,024 characters                                 | reject `long-key`                                   |
 * | text after a closing quote                                   | reject `bad-quote`, reading goes on at the next line |
 * | a quote that is not closed within 65,536 characters          | reject `unclosed-quote`, goes on at the next line   |
 * | a line above 1,048,576 characters                            | reject `too-long`, reading goes on at the next line |
 * | a line that is not a JSON object                             | reject `not-json`                                   |
 * | a last line without line end that is whole                   | kept                                                |
 * | a last line without line end that does not decode            | reject `cut`                                        |
 * | a gzip, Arrow or Parquet input that breaks off or is damaged | whole rows are kept, reject `cut`, error, no `ends` |
 * | blank lines                                                  | are no rows and have no offset                      |
 * | an empty input                                               | error: expected a header line                       |
 * | a header only                                                | no rows, the log ends                               |
 * | a named column that is not there, two columns of that name   | error with the nearest name                         |
 * | fewer rows than a checkpoint has already read                | error: not the same input                           |
 */
export const reasons = [
  'not-a-number',
  'too-large',
  'not-a-time',
  'missing-column',
  'extra-column',
  'missing-key',
  'long-key',
  'bad-quote',
  'unclosed-quote',
  'too-long',
  'not-json',
  'cut',
] as const;
export type Reason = (typeof reasons)[number];

/** Why a row cannot be an event. */
export interface Fault {
  readonly reason: Reason;
  /** What was expected, what came, what to do. */
  readonly message: string;
}

/** At most this much of a refused row is kept. */
export const rawCharsMax = 4096;

/** A refused row of a source; `line` only where the input is text. */
export function rejectOf(
  shard: string,
  offset: number,
  { reason, message }: Fault,
  raw: string,
  line: number | undefined,
): Reject {
  return {
    shard,
    offset,
    stage: 'decode',
    reason,
    message,
    raw: raw.slice(0, rawCharsMax),
    ...(line === undefined ? {} : { line }),
  };
}

/** A value as it is shown inside a message: quoted, not too long. */
export function shown(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : (json(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** A value as JSON, whole numbers of any size included. */
export const json = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));

import { wordBytesMax } from '../event.js';
import { type Row, u8 } from '../state/layout.js';

/** Words of rows that wait, each in a slot of its own; a length of 255 is no word. */
export const waitingWords = (slots: number) => ({ text: u8(slots * wordBytesMax), bytes: u8(slots) });
export type WaitingWords = Row<ReturnType<typeof waitingWords>>;

const none = 255;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
// Written before it is read, for every word.
const scratch = new Uint8Array(wordBytesMax);

/** Moves rows `at` to `last` one on and puts in the words of the row that comes between; `channels` are those of words. */
export function insertWords(
  own: WaitingWords,
  at: number,
  last: number,
  channels: readonly number[],
  words: readonly (string | undefined)[],
): void {
  const width = channels.length;
  own.text.copyWithin((at + 1) * width * wordBytesMax, at * width * wordBytesMax, last * width * wordBytesMax);
  own.bytes.copyWithin((at + 1) * width, at * width, last * width);
  channels.forEach((c, k) => {
    const slot = at * width + k;
    const word = words[c];
    const bytes = word === undefined ? 0 : encoder.encodeInto(word, scratch).written;
    own.bytes[slot] = word === undefined ? none : bytes;
    own.text.set(scratch.subarray(0, bytes), slot * wordBytesMax);
    own.text.fill(0, slot * wordBytesMax + bytes, (slot + 1) * wordBytesMax);
  });
}

/** The words of row i, as an event has them. */
export function readWords(own: WaitingWords, i: number, channels: readonly number[], width: number) {
  const words: (string | undefined)[] = new Array(width).fill(undefined);
  channels.forEach((c, k) => {
    const slot = i * channels.length + k;
    const bytes = own.bytes[slot];
    // Decoders refuse shared memory, so the bytes are copied first.
    if (bytes !== none) words[c] = decoder.decode(own.text.slice(slot * wordBytesMax, slot * wordBytesMax + bytes));
  });
  return words;
}

/** Lets go the first rows of those that wait. */
export function dropWords(own: WaitingWords, count: number, waiting: number, width: number): void {
  own.text.copyWithin(0, count * width * wordBytesMax, waiting * width * wordBytesMax);
  own.bytes.copyWithin(0, count * width, waiting * width);
}

import { createHash } from 'node:crypto';
import { wordBytesMax } from '../event.js';

/** Characters of the hash that ends a cut word, and bytes left for its beginning. */
const hashChars = 8;
const cutBytes = wordBytesMax - hashChars - Buffer.byteLength('…');

/**
 * The word of a cell, undefined where there is none. One of more than `wordBytesMax` bytes keeps its beginning and ends in
 * a hash of the whole, so that long words that differ stay different.
 */
export function wordOf(cell: unknown): string | undefined {
  if (cell === undefined || cell === null) return undefined;
  const text = (typeof cell === 'string' ? cell : String(cell)).trim();
  if (text === '') return undefined;
  const bytes = Buffer.from(text, 'utf8');
  // A slice of a line would keep the whole line in memory.
  if (bytes.length <= wordBytesMax) return bytes.toString('utf8');
  let end = cutBytes;
  // Never inside a character.
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, hashChars);
  return `${bytes.toString('utf8', 0, end)}…${hash}`;
}

/** Throws where a column is named twice: a channel is of numbers or of words. */
export function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return;
  throw new Error(`values, categories: expected every column once, got "${twice}" twice`);
}

import { f64, type Row, u8, u32 } from '../state/layout.js';

/** Bytes of UTF-8 that are kept of a word; what is longer is told apart by its beginning. */
export const wordBytes = 128;

/** How many words a key may know, and what becomes of one more. */
export interface WordLimit {
  readonly limit: number;
  /** `evict`: the word that was not seen for longest makes room. `other`: all further ones count as one and the same. */
  readonly whenFull: 'evict' | 'other';
}

export const wordLimitDefault: WordLimit = { limit: 256, whenFull: 'evict' };

/** What stands for all words that found no room. */
export const otherWord = '(other)';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The words that one channel of a key has shown, in slots that hold what is known of them. */
export function dictionary({ limit, whenFull }: WordLimit) {
  const layout = {
    /** Slots in use. */
    size: u32(),
    text: u8(limit * wordBytes),
    bytes: u8(limit),
    hash: u32(limit),
    /** Row at which each was seen last, and how often, fading. */
    seen: f64(limit),
    count: f64(limit),
  };
  type Own = Row<typeof layout>;
  // Written before it is read, for every word.
  const now = new Uint8Array(wordBytes);
  const encode = (word: string): number => encoder.encodeInto(word, now).written;

  /** The slot of the word in `now`, -1 where it has none. */
  function locate(own: Own, length: number, hash: number): number {
    for (let slot = 0; slot < own.size[0]; slot++) {
      if (own.hash[slot] !== hash || own.bytes[slot] !== length) continue;
      const from = slot * wordBytes;
      let at = 0;
      while (at < length && own.text[from + at] === now[at]) at++;
      if (at === length) return slot;
    }
    return -1;
  }

  /** A slot for one more word: the next free one, or that of the word unseen for longest. */
  function room(own: Own): number {
    if (own.size[0] < limit) return own.size[0]++;
    let oldest = 0;
    for (let slot = 1; slot < limit; slot++) if (own.seen[slot] < own.seen[oldest]) oldest = slot;
    return oldest;
  }

  return {
    layout,
    /** The slot of a word, or -1: it is new. */
    find(own: Own, word: string): number {
      const length = encode(word);
      return locate(own, length, hashOf(now, length));
    },
    /** Makes a slot for a new word; where no more are taken in, that of `otherWord`. */
    add(own: Own, word: string): number {
      const full = whenFull === 'other' && own.size[0] >= limit - 1;
      const length = encode(full ? otherWord : word);
      const hash = hashOf(now, length);
      const known = full ? locate(own, length, hash) : -1;
      if (known >= 0) return known;
      const slot = room(own);
      own.text.set(now.subarray(0, length), slot * wordBytes);
      own.bytes[slot] = length;
      own.hash[slot] = hash;
      own.seen[slot] = own.count[slot] = 0;
      return slot;
    },
    /** Decoders refuse shared memory, so the bytes are copied first. */
    read: (own: Own, slot: number): string =>
      decoder.decode(own.text.slice(slot * wordBytes, slot * wordBytes + own.bytes[slot])),
  };
}

export type Dictionary = ReturnType<typeof dictionary>;
export type DictionaryState = Row<Dictionary['layout']>;

/** The hash that a word is known by. */
export function hashOfText(word: string): number {
  const bytes = encoder.encode(word).subarray(0, wordBytes);
  return hashOf(bytes, bytes.length);
}

/** FNV-1a of the first bytes. */
function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash >>> 0;
}

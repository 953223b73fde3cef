import { describe, expect, test } from 'vitest';
import { dictionary, hashOfText, otherWord, type WordLimit, wordBytes } from '../../models/words.js';
import { Slab } from '../../state/slab.js';

function words(limit: WordLimit) {
  const list = dictionary(limit);
  const slab = new Slab(list.layout);
  const own = slab.row(slab.add());
  let t = 0;
  const put = (word: string): number => {
    const known = list.find(own, word);
    const slot = known >= 0 ? known : list.add(own, word);
    own.seen[slot] = ++t;
    return slot;
  };
  return { list, own, put, known: () => Array.from({ length: own.size[0] }, (_, slot) => list.read(own, slot)) };
}

describe('dictionary', () => {
  test('gives each word one slot and reads it back', () => {
    const { put, known, own, list } = words({ limit: 4, whenFull: 'evict' });
    expect(['open', 'größe', 'open', '日本'].map(put)).toEqual([0, 1, 0, 2]);
    expect(known()).toEqual(['open', 'größe', '日本']);
    expect(own.hash[1]).toBe(hashOfText('größe'));
    expect(list.find(own, 'ope')).toBe(-1);
  });
  test('full, the word unseen for longest makes room', () => {
    const { put, known } = words({ limit: 3, whenFull: 'evict' });
    for (const word of ['a', 'b', 'c', 'a', 'd']) put(word);
    expect(known()).toEqual(['a', 'd', 'c']);
  });
  test('or all further ones are one and the same', () => {
    const { put, known } = words({ limit: 3, whenFull: 'other' });
    expect(['a', 'b', 'c', 'd', 'a', 'e'].map(put)).toEqual([0, 1, 2, 2, 0, 2]);
    expect(known()).toEqual(['a', 'b', otherWord]);
  });
  test('what is longer than a slot is told apart by its beginning', () => {
    const { put, known } = words({ limit: 3, whenFull: 'evict' });
    expect(put('x'.repeat(wordBytes + 5))).toBe(put('x'.repeat(wordBytes + 9)));
    expect(known()[0]).toBe('x'.repeat(wordBytes));
    expect(hashOfText('x'.repeat(wordBytes + 5))).toBe(hashOfText('x'.repeat(wordBytes)));
  });
});

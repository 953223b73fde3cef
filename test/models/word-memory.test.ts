import { describe, expect, test } from 'vitest';
import { htmSmallShape } from '../../models/htm.js';
import type { WordPrediction } from '../../models/model.js';
import { wordMemory } from '../../models/word-memory.js';
import { Slab } from '../../state/slab.js';

function at(channels: readonly number[] = [0], seed = 1, limit = 32) {
  const { temporal, winners } = htmSmallShape;
  const memory = wordMemory({ temporal, winners, channels, words: { limit, whenFull: 'evict' }, seed });
  const slab = new Slab(memory.layout);
  const row = slab.row(slab.add());
  memory.start(row);
  const say = (...words: (string | undefined)[]): { surprise: number; of: WordPrediction[] } => {
    const of: WordPrediction[] = [];
    return { surprise: memory.step(row, words, of), of };
  };
  return { say, row };
}

describe('memory of words', () => {
  test('predicts by what came long before: two sequences with one middle', () => {
    const { say } = at();
    for (let i = 0; i < 60; i++) for (const word of i % 2 === 0 ? 'axyzb' : 'cxyzd') say(word);
    for (const [first, last] of [
      ['a', 'b'],
      ['c', 'd'],
    ]) {
      let next: WordPrediction['next'] = [];
      for (const word of `${first}xyz`) next = say(word).of[0].next;
      expect(next[0].word).toBe(last);
      expect(next[0].probability).toBeGreaterThan(0.6);
      say(last);
    }
  });
  test('is surprised by a word out of place, and says what was expected', () => {
    const { say } = at();
    let usual = 0;
    for (let i = 0; i < 50; i++) for (const word of 'pqrs') usual = say(word).surprise;
    for (const word of 'pq') say(word);
    const { surprise, of } = say('s');
    expect(usual).toBeLessThan(0.1);
    expect(surprise).toBeGreaterThan(3);
    expect(of[0].expected[0]).toMatchObject({ word: 'r' });
    expect(of[0].tail).toBeLessThan(0.05);
  });
  test('two channels are told apart, and one may be missing', () => {
    const { say } = at([0, 2]);
    for (let i = 0; i < 60; i++) say('ab'[i % 2], undefined, i % 7 === 3 ? undefined : 'uv'[i % 2]);
    const { of } = say('a', undefined, 'u');
    expect(of.map(({ channel, next }) => [channel, next[0].word])).toEqual([
      [0, 'b'],
      [2, 'v'],
    ]);
  });
  test('a word has its columns from its letters and the seed, whatever was there before', () => {
    const columns = (seed: number, before: readonly string[]) => {
      const { say, row } = at([0], seed);
      for (const word of [...before, 'word']) say(word);
      const { columns: of, words } = row.w0 as unknown as { columns: Uint32Array; words: { size: Uint32Array } };
      const slot = words.size[0] - 1;
      return [...of.slice(slot * htmSmallShape.winners, (slot + 1) * htmSmallShape.winners)].sort();
    };
    expect(columns(1, ['x', 'y', 'z'])).toEqual(columns(1, []));
    expect(columns(2, [])).not.toEqual(columns(1, []));
    expect(new Set(columns(1, [])).size).toBe(htmSmallShape.winners);
  });
  test('goes on with more words than it may know', () => {
    const { say } = at([0], 1, 4);
    for (let i = 0; i < 200; i++) expect(say(`w${(i * 7) % 11}`).surprise).toBeLessThan(40);
  });
});

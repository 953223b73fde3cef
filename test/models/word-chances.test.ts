import { describe, expect, test } from 'vitest';
import { wordChances } from '../../models/word-chances.js';
import { dictionary } from '../../models/words.js';
import { Slab } from '../../state/slab.js';
import { chance as randomOf } from '../chance.js';

const limit = 8;

function at(candidatesAfter: (word: string) => readonly string[]) {
  const list = dictionary({ limit, whenFull: 'evict' });
  const chances = wordChances(list, limit);
  const slab = new Slab({ words: list.layout, chances: chances.layout });
  const own = slab.row(slab.add());
  chances.start(own.chances);
  let t = 0;
  const say = (word: string): { chance: number; tail: number } => {
    const known = list.find(own.words, word);
    const chance = chances.of(own.chances, known);
    const tail = chances.tail(own.chances, own.words, chance);
    chances.learn(own.chances, known);
    const slot = known >= 0 ? known : list.add(own.words, word);
    if (known < 0) chances.clear(own.chances, slot);
    chances.count(own.chances, own.words, slot, t);
    const candidates = candidatesAfter(word).map((other) => list.find(own.words, other));
    chances.spread(
      own.chances,
      own.words,
      candidates.filter((slot) => slot >= 0),
      1,
      t,
    );
    t++;
    return { chance, tail };
  };
  const sum = (): number => {
    let all = own.chances.novel[0];
    for (let slot = 0; slot < own.words.size[0]; slot++) all += own.chances.chance[slot];
    return all;
  };
  return { say, sum, tell: () => chances.tell(own.chances, own.words) };
}

describe('chances of words', () => {
  test('are a distribution at every row, whatever comes', () => {
    const random = randomOf(5);
    const { say, sum } = at(() => ['b', 'c']);
    for (let i = 0; i < 400; i++) {
      say('abcdefghijkl'[Math.floor(12 * random() * random())]);
      expect(sum()).toBeCloseTo(1, 9);
    }
  });
  test('of candidates that are right come near one, and a stranger is unlikely', () => {
    const { say, tell } = at((word) => [word === 'a' ? 'b' : 'a']);
    for (let i = 0; i < 200; i++) say(i % 2 === 0 ? 'a' : 'b');
    expect(tell()[0]).toMatchObject({ word: 'a' });
    expect(tell()[0].probability).toBeGreaterThan(0.97);
    const { chance, tail } = say('never seen');
    expect(chance).toBeLessThan(0.02);
    expect(tail).toBeLessThan(0.02);
  });
  test('go by what followed how often where candidates say nothing', () => {
    const random = randomOf(9);
    const { say, tell } = at(() => ['c']);
    for (let i = 0; i < 2000; i++) {
      say('a');
      say(random() < 0.8 ? 'b' : 'd');
    }
    say('a');
    const [first, second] = tell();
    expect([first.word, second.word]).toEqual(['b', 'd']);
    expect(first.probability).toBeGreaterThan(0.74);
    expect(first.probability).toBeLessThan(0.86);
  });
  test('know nothing before the first word', () => {
    const { say, tell } = at(() => []);
    expect(tell()).toEqual([]);
    expect(say('a').chance).toBeNaN();
  });
});

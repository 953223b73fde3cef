import { describe, expect, test } from 'vitest';
import type { Anomaly, Event } from '../../event.js';
import { detect } from '../../operators/detect.js';
import { episode } from '../../operators/episode.js';
import { interval } from '../../operators/interval.js';
import { notePeak, noteWords, peakWords, peakWordsLayout, sentenceOf } from '../../operators/peak-words.js';
import { remember } from '../../operators/remember.js';
import { Slab } from '../../state/slab.js';
import { run } from './harness.js';

const expected = [
  { word: 'CLOSE', probability: 0.93 },
  { word: 'IDLE', probability: 0.05 },
];
const of = (tail: number) => [{ channel: 1, tail, expected, next: [] }];
const made = () => {
  const slab = new Slab(peakWordsLayout);
  return slab.row(slab.add());
};

describe('words at a peak', () => {
  test('what came, what was expected, and the fields are kept as they were said', () => {
    const own = made();
    const unexpected = [{ field: 'time of day', share: 0.6, instead: '14:30' }];
    notePeak(own, { words: of(0.01), unexpected }, [undefined, 'FAILED'], ['a', 'state'], 1);
    const told = peakWords(own);
    expect(told).toEqual({
      word: { actual: 'FAILED', expected },
      unexpected: [{ field: 'state', share: 0.99, instead: 'CLOSE' }, ...unexpected],
    });
    expect(sentenceOf('state', told)).toBe('state FAILED where CLOSE (93 %) or IDLE (5 %) was expected');
    expect(sentenceOf('a', { unexpected })).toBe('least expected: time of day (14:30 was)');
    expect(sentenceOf('a', {})).toBeUndefined();
  });
  test('words as long as they may be are kept, if need be with fewer of them', () => {
    const own = made();
    const long = (c: string) => ({ word: '\u0001'.repeat(120) + c, probability: 0.2 });
    notePeak(
      own,
      { words: [{ channel: 0, tail: 0.01, expected: ['a', 'b', 'c', 'd'].map(long), next: [] }] },
      ['x'.repeat(128)],
      ['s'],
      0,
    );
    expect(peakWords(own).word?.expected).toEqual([long('a')]);
  });
  test('the least likely word of the last rows is the one that is told', () => {
    const own = made();
    const row = (word: string, tail: number, offset: number) => ({
      ...{ key: 'k', timeMs: offset, offset, values: [0, Number.NaN], words: [undefined, word], tail: [1, tail] },
      prediction: { words: of(tail) },
    });
    noteWords(own, row('ODD', 0.001, 1), ['a', 'state'], false);
    noteWords(own, row('less', 0.1, 2), ['a', 'state'], false);
    expect([peakWords(own).word?.actual, own.offset[0]]).toEqual(['ODD', 1]);
    for (let i = 3; i < 15; i++) noteWords(own, row('usual', 0.9, i), ['a', 'state'], false);
    expect(peakWords(own)).toEqual({});
  });
  test('a fault in a cycle becomes an anomaly that says the words', () => {
    const cycle = ['OPEN', 'READ', 'CHECK', 'CLOSE'];
    const events = Array.from({ length: 1200 }, (_, i): Event => {
      const word = i === 1002 ? 'EXPLODE' : (cycle[i % 4] as string);
      return { key: 'k', timeMs: 1e12 + i * 1000, offset: i, values: [Number.NaN], words: [word] };
    });
    const stages = [remember({ memory: 'htm-small', horizons: [1] }), interval(), detect(), episode()];
    const { anomalies } = run(stages, events, {
      shard: { name: 's', channels: ['state'], categories: ['state'] },
      cuts: [100],
    });
    const found = anomalies.find(({ peakOffset }) => peakOffset === 1002) as Anomaly;
    expect(found.word?.actual).toBe('EXPLODE');
    expect(found.word?.expected[0].word).toBe('CHECK');
    expect(found.why).toMatch(/^state EXPLODE where CHECK \(9\d(\.\d)? %\)/);
    expect(anomalies.length).toBeLessThan(3);
  });
});

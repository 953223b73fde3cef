import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { reorder } from '../../operators/reorder.js';
import { dropWords, insertWords, readWords, waitingWords } from '../../operators/waiting-words.js';
import { Slab } from '../../state/slab.js';
import { run } from './harness.js';

describe('words that wait', () => {
  test('are put in between, read and let go in their order; none stays none, and an empty one empty', () => {
    const slab = new Slab(waitingWords(8));
    const own = slab.row(slab.add());
    const read = (n: number) => Array.from({ length: n }, (_, i) => readWords(own, i, [1, 2], 3));
    insertWords(own, 0, 0, [1, 2], [undefined, 'größe', undefined]);
    insertWords(own, 1, 1, [1, 2], [undefined, 'c', '']);
    insertWords(own, 1, 2, [1, 2], [undefined, undefined, 'b']);
    expect(read(3)).toEqual([
      [undefined, 'größe', undefined],
      [undefined, undefined, 'b'],
      [undefined, 'c', ''],
    ]);
    dropWords(own, 2, 3, 2);
    expect(read(1)).toEqual([[undefined, 'c', '']]);
  });
  test('come out of reorder with their rows', () => {
    const times = [5, 3, 9, 1, 12, 30];
    const events = times.map(
      (t, offset): Event => ({ key: 'k', timeMs: 1e12 + 1000 * t, offset, values: [Number.NaN], words: [`w${t}`] }),
    );
    const { rows } = run<Event>([reorder({ latenessMs: 10_000 })], events, {
      shard: { name: 's', channels: ['state'], categories: ['state'] },
      restart: true,
    });
    expect(rows.map(({ words }) => words?.[0])).toEqual(['w1', 'w3', 'w5', 'w9', 'w12', 'w30']);
  });
});

import { expect, test } from 'vitest';
import { DueOrder } from '../../pipelines/due-order.js';
import { chance } from '../operators/harness.js';

test('the first is the one that a look at all would find, whatever changes and goes', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = chance(seed);
    const all = new Map<string, number>();
    const due = new DueOrder((key) => all.get(key));
    for (let i = 0; i < 3000; i++) {
      const key = `k${Math.floor(40 * random())}`;
      if (random() < 0.2) {
        all.delete(key);
        due.note(key);
      } else {
        all.set(key, random() < 0.1 ? Number.POSITIVE_INFINITY : Math.floor(50 * random()));
        due.note(key);
      }
      // A map keeps the order in which its keys came; sorting is stable.
      const [first] = [...all].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
      const want = first && first[1] < Number.POSITIVE_INFINITY ? first[0] : undefined;
      expect(due.first()?.key, `seed ${seed}, change ${i}`).toBe(want);
      if (i === 1500) due.fill(all.keys());
    }
  }
});

test('what has become due later without a word comes when it is due', () => {
  const all = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  const due = new DueOrder((key) => all.get(key));
  due.fill(all.keys());
  all.set('a', 3);
  expect(due.first()).toMatchObject({ key: 'b', atMs: 2 });
  all.set('b', 5);
  expect(due.first()).toMatchObject({ key: 'a', atMs: 3 });
});

test('telling all of many looks at each a few times and not at all for each', () => {
  const all = new Map(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i % 7]));
  let looks = 0;
  const due = new DueOrder((key) => {
    looks++;
    return all.get(key);
  });
  due.fill(all.keys());
  for (let first = due.first(); first; first = due.first()) {
    all.delete(first.key);
    due.note(first.key);
  }
  expect(all.size).toBe(0);
  expect(looks).toBeLessThan(100_000);
});

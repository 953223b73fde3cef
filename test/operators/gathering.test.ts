import { expect, test } from 'vitest';
import { Gathering } from '../../operators/gathering.js';

test('what waits is taken at once, in order, with the cause of each, and then nothing waits', () => {
  const taken: number[] = [];
  const made: [string, number][] = [];
  const gathering = new Gathering<
    Record<never, never>,
    { key: string; timeMs: number; values: number[]; offset: number },
    string
  >(
    (_, rows) => {
      taken.push(rows.length);
      return rows.map(({ key }) => key);
    },
    (row, cause) => void made.push([row, cause]),
  );
  ['a', 'b'].forEach((key, i) => void gathering.add({ key, timeMs: 0, values: [], offset: i }, 7 + i, {}));
  expect([gathering.has('a'), gathering.has('c')]).toEqual([true, false]);
  gathering.end();
  gathering.end();
  expect(gathering.has('a')).toBe(false);
  expect([taken, made]).toEqual([
    [2],
    [
      ['a', 7],
      ['b', 8],
    ],
  ]);
});

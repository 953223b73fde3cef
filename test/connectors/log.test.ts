import { expect, test } from 'vitest';
import { CRASH, Crash, END, log } from '../../connectors/log.js';
import { collect } from './collect.js';

test('numbers, rows and events become rows', async () => {
  const source = log([1, { key: 'k', timeMs: 5, values: [2] }, [3], END], { stepMs: 1000 });
  const { rows, ends } = await collect(source);
  expect(rows).toEqual([
    { key: 'log', timeMs: 0, values: [1], offset: 0 },
    { key: 'k', timeMs: 5, values: [2], offset: 1 },
    { key: 'log', timeMs: 2000, values: [3], offset: 2 },
  ]);
  expect(ends).toBe(true);
  expect(await source.open()).toEqual({ shards: ['log'], channels: ['value'], rows: 3 });
});

test('a crash is thrown once, after the rows before it', async () => {
  const source = log([1, 2, CRASH, 3, CRASH, END]);
  const first = await collect(source);
  expect(first.error).toBeInstanceOf(Crash);
  expect(first.rows.map(({ offset }) => offset)).toEqual([0, 1]);
  const second = await collect(source, 2);
  expect(second.rows.map(({ offset }) => offset)).toEqual([2]);
  expect(second.error).toBeInstanceOf(Crash);
  const third = await collect(source, 3);
  expect([third.rows.length, third.ends, third.error]).toEqual([0, true, undefined]);
});

test('reading waits for what is appended, until it is stopped', async () => {
  const source = log([1], { batchRows: 1 });
  const stop = new AbortController();
  const seen: number[] = [];
  for await (const { rows, ends } of source.read('log', 0, stop.signal)) {
    seen.push(...rows.map(({ offset }) => offset));
    expect(ends).toBeUndefined();
    if (seen.length < 3) setTimeout(() => source.append(seen.length + 1), 1);
    else setTimeout(() => stop.abort(), 1);
  }
  expect(seen).toEqual([0, 1, 2]);
});

test('any batch size gives the same rows, from any offset; nothing comes after the end', async () => {
  for (const batchRows of [1, 2, 5, 7]) {
    for (let from = 0; from <= 5; from++) {
      const { rows, ends } = await collect(log([1, 2, 3, 4, 5, END], { batchRows }), from);
      expect([rows.map(({ values }) => values[0]), ends]).toEqual([[1, 2, 3, 4, 5].slice(from), true]);
    }
  }
  expect(() => log([END, 1])).toThrow('nothing after END');
  await expect(log([]).read('other', 0, new AbortController().signal).next()).rejects.toThrow('expected shard "log"');
});

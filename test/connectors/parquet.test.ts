import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { fileSource } from '../../connectors/file.js';
import { chance } from '../chance.js';
import { collect, folder } from './collect.js';

const at = folder();
const rows = 1000;
const times = Array.from({ length: rows }, (_, i) => new Date(Date.UTC(2020, 0, 1) + i * 60_000));
const bytes = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: 'time', data: times, type: 'TIMESTAMP' },
      { name: 'id', data: times.map((_, i) => `k${i % 3}`), type: 'STRING' },
      { name: 'a', data: times.map((_, i) => (i % 10 === 3 ? null : i / 2)), type: 'DOUBLE', nullable: true },
      { name: 'b', data: times.map((_, i) => BigInt(i)), type: 'INT64' },
    ],
    rowGroupSize: 300,
  }),
);
const store = (name: string, data: Uint8Array): string => {
  writeFileSync(join(at, name), data);
  return join(at, name);
};
const wanted = times.map((time, i) => ({
  key: `k${i % 3}`,
  timeMs: time.getTime(),
  values: [i % 10 === 3 ? Number.NaN : i / 2, i],
  offset: i,
}));

test('rows become events, row group by row group, from any offset', async () => {
  const path = store('a.parquet', bytes);
  const source = fileSource(path, { key: 'id' });
  expect(await source.open()).toMatchObject({ shards: ['a'], channels: ['a', 'b'], rows });
  for (const from of [0, 1, 299, 300, 301, 999, 1000]) {
    const { rows, ends } = await collect(fileSource(path, { key: 'id' }), from);
    expect(rows).toEqual(wanted.slice(from));
    expect(ends).toBe(true);
  }
  expect((await collect(fileSource(path), 1001)).error?.message).toContain('expected at least 1001 rows');
});

test('a file that is cut, or none, is refused with its name', async () => {
  for (const end of [0, 3, 8, 100, bytes.length - 1]) {
    await expect(collect(fileSource(store('cut.parquet', bytes.subarray(0, end))))).rejects.toThrow(
      /cut\.parquet: expected a Parquet file/,
    );
  }
});

test('no damage crashes it: rows, rejects or an error that says what was expected', async () => {
  const random = chance(5);
  for (let i = 0; i < 600; i++) {
    const bad = Uint8Array.from(bytes);
    for (let f = 0; f < 2; f++) bad[Math.floor(random() * bad.length)] = Math.floor(random() * 256);
    const outcome = await collect(fileSource(store('bad.parquet', bad), { key: 'id' })).catch((error: Error) => error);
    const error = outcome instanceof Error ? outcome : outcome.error;
    if (error) expect(error.message).toMatch(/expected/);
  }
}, 60_000);

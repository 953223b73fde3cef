import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { streamInput } from '../../connectors/bytes.js';
import { csvTable } from '../../connectors/csv.js';
import { TableSource } from '../../connectors/table.js';
import { collect } from './collect.js';

const text = `time,v\n${Array.from({ length: 10 }, (_, i) => `${1_500_000_000 + i},${i === 4 ? 'x' : i}`).join('\n')}\n`;
const source = (batchRows: number) =>
  new TableSource(csvTable(streamInput('in', Readable.from([Buffer.from(text)]))), 's', { batchRows });

test('batches hold at most so many rows and rejects; next is the offset after them; only the last ends', async () => {
  for (const batchRows of [1, 3, 10, 1000]) {
    const { batches } = await collect(source(batchRows));
    let next = 0;
    for (const batch of batches) {
      expect(batch.rows.length + batch.rejects.length).toBeLessThanOrEqual(batchRows);
      next += batch.rows.length + batch.rejects.length;
      expect(batch.next).toBe(next);
      expect(batch.ends ?? false).toBe(batch === batches.at(-1));
    }
    expect(next).toBe(10);
  }
});

test('stopping ends reading without ending the log', async () => {
  const stop = new AbortController();
  const seen: boolean[] = [];
  const reading = source(2);
  await reading.open();
  for await (const { ends } of reading.read('s', 0, stop.signal)) {
    seen.push(ends ?? false);
    if (seen.length === 2) stop.abort();
  }
  expect(seen).toEqual([false, false]);
});

test('another shard, or more rows than there are, is refused', async () => {
  await expect(source(1).read('t', 0, new AbortController().signal).next()).rejects.toThrow(
    'expected shard "s", got "t"',
  );
  expect((await collect(source(1), 11)).error?.message).toMatch(/in: expected at least 11 rows.*found 10.*start fresh/);
  const { rows, ends } = await collect(source(1), 10);
  expect([rows.length, ends]).toEqual([0, true]);
});

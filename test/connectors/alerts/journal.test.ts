import { mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { Journal } from '../../../connectors/alerts/journal.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engram-journal-'));
});
const segments = (): string[] => readdirSync(folder).sort();
async function reopened(): Promise<readonly unknown[]> {
  const journal = new Journal(folder);
  const { records } = await journal.open();
  await journal.close();
  return records;
}
async function written(...records: unknown[]): Promise<void> {
  const journal = new Journal(folder);
  await journal.open();
  await journal.append(records);
  await journal.sync();
  await journal.close();
}

test('what was written is read, by this and any later process', async () => {
  await written({ a: 1 }, { b: 'ä' });
  await written({ c: null });
  expect(await reopened()).toEqual([{ a: 1 }, { b: 'ä' }, { c: null }]);
});

test('cut off anywhere it gives the whole records before, and goes on behind them', async () => {
  await written({ n: 1 }, { n: 2 });
  const path = join(folder, segments()[0]);
  const { length } = readFileSync(path);
  for (let bytes = length - 1; bytes >= 0; bytes -= 3) {
    truncateSync(path, bytes);
    const before = (await reopened()).length;
    expect(before).toBeLessThan(2);
    await written({ after: bytes });
    expect(await reopened()).toHaveLength(before + 1);
    truncateSync(path, Math.max(0, bytes - 3));
  }
  expect(segments()).toHaveLength(1);
});

test('a byte that was changed costs what stands behind it, which is kept to be looked at', async () => {
  await written({ n: 1 }, { n: 2 }, { n: 3 });
  const path = join(folder, segments()[0]);
  const bytes = readFileSync(path);
  bytes[8 + 8 + 7 + 10] ^= 1;
  writeFileSync(path, bytes);
  const journal = new Journal(folder);
  const { records, spoiltBytes } = await journal.open();
  await journal.close();
  expect(records).toEqual([{ n: 1 }]);
  expect(spoiltBytes).toBe(2 * 15);
  expect(segments()).toEqual(['0000000001.seg', '0000000001.seg.damaged']);
});

test('a snapshot takes the place of all before it, also if the old segment or half a new one was left behind', async () => {
  await written({ n: 1 }, { n: 2 });
  const old = readFileSync(join(folder, '0000000001.seg'));
  const journal = new Journal(folder);
  await journal.open();
  await journal.compact({ all: 2 });
  expect(journal.bytes).toBe(0);
  await journal.append([{ n: 3 }]);
  await journal.close();
  expect(segments()).toEqual(['0000000002.seg']);
  writeFileSync(join(folder, '0000000001.seg'), old);
  writeFileSync(join(folder, '0000000003.seg.tmp'), 'half');
  expect(await reopened()).toEqual([{ all: 2 }, { n: 3 }]);
  expect(segments()).not.toContain('0000000001.seg');
});

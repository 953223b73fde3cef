import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { END, log } from '../../connectors/log.js';
import { markOf, readMarks, withMarks } from '../../connectors/marks.js';
import type { Mark } from '../../event.js';

const mark = (offset: number, key = 'log'): Mark => ({ key, verdict: 'expected', startMs: 0, endMs: 1, offset });
const marks = [mark(3), mark(3, 'b'), mark(5), mark(99)];

/** What is read from an offset on: rows and marks in order. */
async function read(batchRows: number, from = 0): Promise<string[]> {
  const source = withMarks(log([0, 1, 2, 3, 4, 5, 6, 7, END], { batchRows }), async () => marks);
  await source.open();
  const told: string[] = [];
  let next = from;
  for await (const batch of source.read('log', from, new AbortController().signal)) {
    told.push(...(batch.marks ?? []).map(({ key, offset }) => `mark ${key} ${offset}`));
    told.push(...batch.rows.map(({ offset }) => String(offset)));
    expect(batch.rows.every(({ offset }) => offset >= next)).toBe(true);
    next = batch.next;
    if (batch.ends) told.push('end');
  }
  return told;
}
const whole = ['0', '1', '2', 'mark log 3', 'mark b 3', '3', '4', 'mark log 5', '5', '6', '7', 'end'];

test('a mark comes with the first row that is not below its offset, however the log is cut', async () => {
  for (const rows of [1, 2, 3, 8]) expect(await read(rows)).toEqual(whole);
});

test('wherever reading begins, a mark is taken once: with its row', async () => {
  expect(await read(2, 3)).toEqual(whole.slice(3));
  expect(await read(2, 4)).toEqual(whole.slice(6));
  expect(await read(8, 6)).toEqual(['6', '7', 'end']);
});

test('a file of marks is read line by line, and a line that is none is named', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'engram-marks-')), 'marks.ndjson');
  writeFileSync(path, `${JSON.stringify(mark(3))}\n\n${JSON.stringify(mark(5))}\n`);
  expect(await readMarks(path)).toEqual([mark(3), mark(5)]);
  writeFileSync(path, `${JSON.stringify(mark(3))}\n{`);
  await expect(readMarks(path)).rejects.toThrow(/marks.ndjson line 2: expected a mark as JSON: column 2: /);
  await expect(readMarks('/nowhere')).rejects.toThrow('/nowhere: expected a file of marks, it cannot be read (ENOENT)');
});

test.each([
  [{ ...mark(1), key: '' }, 'here: key: expected a key, got ""'],
  [{ ...mark(1), verdict: 'maybe' }, 'here: verdict: expected one of expected, real, got "maybe"'],
  [{ ...mark(1), startMs: '0' }, 'here: startMs: expected a time in ms'],
  [{ ...mark(1), endMs: -1 }, 'here: endMs: expected a time in ms since 1970, not before startMs, got -1'],
  [{ ...mark(1), offset: 1.5 }, 'here: offset: expected a place in the log'],
  [{ ...mark(1), of: 3 }, 'here: of: expected an id, got 3'],
  [
    { ...mark(1), ofset: 3 },
    'here: ofset: expected one of key, verdict, startMs, endMs, of, offset (did you mean "offset"?)',
  ],
])('%j is no mark', (value, message) => expect(() => markOf(value, 'here')).toThrow(message));

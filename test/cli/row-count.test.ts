import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rowCount } from '../../cli/row-count.js';
import { folder } from './command.js';

test.each([
  ['a.csv', 'h\n1\n2\n', 2],
  ['cut.csv', 'h\n1\n2', 2],
  ['empty.csv', '', 0],
  ['header.csv', 'h\n', 0],
  ['a.ndjson', '{}\n{}\n{}\n', 3],
  ['a.parquet', 'PAR1', undefined],
])('%s has %#', async (name, text, rows) => {
  const path = join(folder(), name);
  writeFileSync(path, text);
  expect(await rowCount(path)).toBe(rows);
});
test('a file that is not there has an unknown number of rows', async () =>
  expect(await rowCount('/nowhere/at/all.csv')).toBeUndefined());

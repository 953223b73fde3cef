import { parquetMetadata } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { checkPages } from '../../connectors/parquet-pages.js';

const values = Array.from({ length: 1000 }, (_, i) => (i % 5 === 0 ? null : `k${Math.floor(i / 100)}`));
const buffer = parquetWriteBuffer({
  columnData: [{ name: 'k', data: values, type: 'STRING', nullable: true }],
  codec: 'UNCOMPRESSED',
});
const column = parquetMetadata(buffer).row_groups[0].columns[0].meta_data;
if (!column) throw new Error('expected metadata');
const start = Number(column.dictionary_page_offset ?? column.data_page_offset);
const bytes = () => new Uint8Array(buffer.slice(start, start + Number(column.total_compressed_size)));

test('whole pages pass', () => {
  expect(() => checkPages(bytes(), column, true, 1000)).not.toThrow();
});

test('more values than the group has rows are refused', () => {
  expect(() => checkPages(bytes(), column, true, 900)).toThrow('at most 900 values');
});

test('every byte set to 255 is refused or harmless, and quickly', () => {
  let refused = 0;
  for (let at = 0; at < bytes().length; at++) {
    const bad = bytes();
    bad[at] = 255;
    try {
      checkPages(bad, column, true, 1000);
    } catch {
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(10);
});

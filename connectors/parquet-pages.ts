import type { ColumnMetaData } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { compressors } from 'hyparquet-compressors';

/** No page is larger when unpacked; writers make pages of about 1 MiB. */
export const pageBytesMax = 1 << 28;
/** Runs of packed values are padded; more than this beyond the end is no padding. */
const paddingMax = 512;

/**
 * Walks the pages of one column of a row group and throws where they promise more values than the group has rows: the
 * reader believes run lengths, and a flipped bit in one would fill the memory.
 */
export function checkPages(bytes: Uint8Array, column: ColumnMetaData, optional: boolean, rows: number): void {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  for (let seen = 0; seen < rows && reader.offset < bytes.length - 1; ) {
    const header = parquetHeader(reader);
    const { type, compressed_page_size: packed, uncompressed_page_size: size } = header;
    const end = reader.offset + packed;
    must(size >= 0 && size <= pageBytesMax && packed >= 0 && end <= bytes.length, 'pages inside the column');
    const body = bytes.subarray(reader.offset, end);
    reader.offset = end;
    const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = header;
    if (type === 'DICTIONARY_PAGE') {
      must(dictionary !== undefined && within(dictionary.num_values, size * 8), 'a dictionary inside its page');
    } else if (type === 'DATA_PAGE' && v1) {
      must(within(v1.num_values, rows - seen), `at most ${rows} values`);
      seen += v1.num_values;
      const page = decompressPage(body, size, column.codec, compressors);
      const start = optional ? levels(page, v1.num_values) : 0;
      checkValues(page, start, column, v1.encoding, v1.num_values);
    } else if (type === 'DATA_PAGE_V2' && v2) {
      const {
        num_values,
        num_nulls,
        definition_levels_byte_length: defined,
        repetition_levels_byte_length: repeated,
      } = v2;
      must(within(num_values, rows - seen) && within(num_nulls, num_values), `at most ${rows} values`);
      must(within(v2.num_rows, rows - seen), `at most ${rows} rows`);
      must(within(defined, body.length) && repeated === 0, 'levels inside the page');
      seen += num_values;
      if (optional) runs(body, 0, defined, 1, num_values);
      const rest = body.subarray(defined);
      const page = v2.is_compressed === false ? rest : decompressPage(rest, size - defined, column.codec, compressors);
      checkValues(page, 0, column, v2.encoding, num_values - num_nulls);
    } else must(false, 'data pages');
  }
}

const within = (value: number, limit: number): boolean => Number.isInteger(value) && value >= 0 && value <= limit;

function must(good: boolean, expected: string): void {
  if (!good) throw new Error(`expected ${expected}`);
}

/** Checks the definition levels of a page of the first version; returns where its values begin. */
function levels(page: Uint8Array, values: number): number {
  must(page.length >= 4, 'definition levels');
  const size = new DataView(page.buffer, page.byteOffset).getUint32(0, true);
  must(within(size, page.length - 4), 'definition levels inside the page');
  runs(page, 4, 4 + size, 1, values);
  return 4 + size;
}

function checkValues(page: Uint8Array, start: number, column: ColumnMetaData, encoding: string, values: number): void {
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    must(values === 0 || start < page.length, 'indices');
    if (page[start] > 0) runs(page, start + 1, page.length, page[start], values);
  } else if (encoding === 'RLE') {
    must(column.type === 'BOOLEAN', 'run lengths of booleans');
    runs(page, start + 4, page.length, 1, values);
  }
}

/** Adds up the runs of a run-length and bit-packed hybrid until they hold `values`. */
function runs(bytes: Uint8Array, from: number, to: number, width: number, values: number): void {
  must(width <= 32, 'indices of at most 32 bits');
  let at = from;
  for (let seen = 0; seen < values; ) {
    let header = 0;
    let shift = 0;
    for (;;) {
      must(at < to && shift < 35, 'runs inside the page');
      const byte = bytes[at++];
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
      shift += 7;
    }
    const packed = header % 2 === 1;
    const count = Math.floor(header / 2) * (packed ? 8 : 1);
    at += packed ? (count / 8) * width : Math.ceil(width / 8);
    seen += count;
    must(seen <= values + paddingMax, `runs of at most ${values} values`);
  }
}

import { type FileHandle, open } from 'node:fs/promises';
import { type AsyncBuffer, type DecodedArray, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { CellRows } from './arrow.js';
import { CutInput, mustBeFile } from './bytes.js';
import { sampleRows } from './columns.js';
import { checkPages } from './parquet-pages.js';
import type { Table, Visit } from './table.js';

/** A Parquet file, one page per row group. */
export function parquetTable(path: string): Table {
  return {
    name: path,
    settings: () => 'parquet',
    async head(visit: Visit) {
      return withFile(path, async (file) => {
        const metadata = await metadataOf(file, path);
        const columns = columnsOf(metadata);
        visit.columns(columns);
        const rows = Number(metadata.num_rows);
        const sample = Math.min(
          Number(metadata.row_groups.find(({ num_rows }) => num_rows > 0n)?.num_rows ?? 0),
          sampleRows,
        );
        const cells = await columnCells(file, metadata, path, columns, 0, sample);
        for (let row = 0; row < sample; row++) if (visit.row(cells.map((column) => column[row]))) break;
        return { rows };
      });
    },
    async *pages(from, needed, stop) {
      const file = await openBuffer(path);
      try {
        const metadata = await metadataOf(file, path);
        const columns = columnsOf(metadata);
        const wanted = needed.map((name) => columns.indexOf(name));
        let first = 0;
        for (const group of metadata.row_groups) {
          const rows = Number(group.num_rows);
          if (stop.aborted) return;
          if (first + rows > from) {
            const read = await columnCells(file, metadata, path, needed, first, first + rows);
            const byColumn = new Map(wanted.map((at, i) => [at, read[i]]));
            yield new CellRows(columns, wanted, rows, (at, row) => byColumn.get(at)?.[row] ?? null, first);
          }
          first += rows;
        }
        // All rows were passed over: the reader still has to learn how many there are.
        if (first <= from) yield new CellRows(columns, wanted, 0, () => null, first);
      } finally {
        await file.close();
      }
    },
  };
}

/** Columns that hold one value a row. */
const columnsOf = ({ schema }: FileMetaData): string[] => {
  const names: string[] = [];
  for (let i = 1; i < schema.length; ) {
    const { name, num_children = 0, repetition_type } = schema[i];
    if (num_children === 0 && repetition_type !== 'REPEATED') names.push(name);
    i += subtree(schema, i);
  }
  return names;
};

/** Elements of a schema from `at` on that belong to one column. */
function subtree(schema: FileMetaData['schema'], at: number): number {
  let size = 1;
  for (let child = 0; child < (schema[at]?.num_children ?? 0); child++) size += subtree(schema, at + size);
  return size;
}

/** The cells of some columns, from row `from` to `to`, inside one row group. */
async function columnCells(
  file: AsyncBuffer,
  metadata: FileMetaData,
  path: string,
  columns: readonly string[],
  from: number,
  to: number,
): Promise<unknown[][]> {
  const cells = columns.map((): unknown[] => new Array(to - from));
  if (from === to) return cells;
  const take = (name: string, data: DecodedArray, rowStart: number): void => {
    const column = cells[columns.indexOf(name)];
    for (let i = 0; i < data.length; i++) {
      const row = rowStart + i - from;
      if (row >= 0 && row < to - from) column[row] = data[i];
    }
  };
  try {
    await check(file, metadata, columns, from, to);
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: [...columns],
      rowStart: from,
      rowEnd: to,
      onChunk: ({ columnName, columnData, rowStart }) => take(columnName, columnData, rowStart),
    });
  } catch (error) {
    throw damaged(path, `rows ${from} to ${to - 1}: ${(error as Error).message}`);
  }
  return cells;
}

/** Checks the pages that are about to be read. */
async function check(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
  from: number,
  to: number,
): Promise<void> {
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    if (first < to && first + rows > from) {
      for (const { meta_data: column } of group.columns) {
        if (column?.path_in_schema.length !== 1 || !columns.includes(column.path_in_schema[0])) continue;
        const element = metadata.schema.find(({ name }) => name === column.path_in_schema[0]);
        const start = Number(column.dictionary_page_offset ?? column.data_page_offset);
        const bytes = await file.slice(start, start + Number(column.total_compressed_size));
        checkPages(new Uint8Array(bytes), column, element?.repetition_type === 'OPTIONAL', rows);
      }
    }
    first += rows;
  }
}

/** The footer of a file, refused where it says what cannot be. */
async function metadataOf(file: AsyncBuffer, path: string): Promise<FileMetaData> {
  try {
    const metadata = await parquetMetadataAsync(file);
    if (!plausible(metadata, BigInt(file.byteLength)))
      throw new Error(`its footer does not fit its ${file.byteLength} bytes`);
    return metadata;
  } catch (error) {
    throw new Error(`${path}: expected a Parquet file: ${(error as Error).message}: write the file again`);
  }
}

function plausible({ row_groups, num_rows, schema }: FileMetaData, bytes: bigint): boolean {
  const rows = row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
  const fits = row_groups.every(
    (group) =>
      group.num_rows >= 0n &&
      group.num_rows <= BigInt(groupRowsMax) &&
      group.columns.every(({ meta_data: column }) => {
        if (!column) return false;
        const start = column.dictionary_page_offset ?? column.data_page_offset;
        return start >= 0n && column.total_compressed_size >= 0n && start + column.total_compressed_size <= bytes;
      }),
  );
  return rows === num_rows && fits && schema.length > 0 && schema.every(({ name }) => typeof name === 'string');
}

/** A row group is held in memory while its rows are read. */
const groupRowsMax = 1 << 27;

const damaged = (path: string, what: string): CutInput =>
  new CutInput(`${path}: expected whole Parquet data, it is damaged in ${what}; write the file again`);

async function withFile<T>(path: string, use: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  const file = await openBuffer(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function openBuffer(path: string): Promise<AsyncBuffer & { close(): Promise<void> }> {
  const byteLength = await mustBeFile(path);
  const handle: FileHandle = await open(path, 'r');
  return {
    byteLength,
    async slice(start, end = byteLength) {
      if (!(start >= 0 && end >= start && end <= byteLength)) {
        throw new Error(`bytes ${start} to ${end} of a file of ${byteLength}`);
      }
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw new Error(`the file ended at byte ${start + at}`);
        at += bytesRead;
      }
      return bytes.buffer;
    },
    close: () => handle.close(),
  };
}

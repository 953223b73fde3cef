import { createReadStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { AppendFile, syncFolder } from './append.js';
import { ArrowWriter, arrowBatches } from './codecs/arrow.js';
import type { ArrowRows, Cells, ColumnType, TypedColumn } from './codecs/cells.js';
import type { FlatColumn } from './flat.js';
import { parquetTable } from './parquet.js';
import type { Sink } from './sink.js';
import { Spool } from './spool.js';

/** A file format with a footer: its bytes are made from the first row on when all rows are there. */
interface Form {
  readonly pieceRows: number;
  begin(columns: readonly TypedColumn[]): {
    piece(cells: Cells, rows: number): Uint8Array;
    finish(): Uint8Array;
  };
  /** The rows of a finished file. */
  read(path: string, columns: readonly TypedColumn[]): AsyncIterable<ArrowRows>;
}

/** Where the rows of such a file are until the log ends. */
export const partOf = (path: string): string => `${path}.arrow.part`;

/** An Arrow file of flat columns, spooled beside its place until the log ends. */
export const arrowSink = <T>(path: string, columns: readonly FlatColumn<T>[]): Sink<T> =>
  tableSink(path, columns, arrow);

/** A Parquet file of flat columns, spooled beside its place until the log ends. */
export const parquetSink = <T>(path: string, columns: readonly FlatColumn<T>[]): Sink<T> =>
  tableSink(path, columns, parquet);

function tableSink<T>(path: string, columns: readonly FlatColumn<T>[], form: Form): Sink<T> {
  const part = partOf(path);
  const spool = new Spool(part, columns, path);
  return {
    name: path,
    async open(mark) {
      // The log had ended and the process died before that was known: what is finished becomes a spool again.
      if (mark !== undefined && !(await exists(part)) && (await exists(path)))
        await unfinish(path, part, columns, form, mark);
      await spool.open(mark);
    },
    async write(rows, origin) {
      for (const row of rows) {
        spool.add(columns.map((column) => column.of(row, origin?.shard)));
        if (spool.full) await spool.settle();
      }
    },
    flush: () => spool.flush(),
    async close(complete) {
      await spool.flush();
      if (complete) await finish(path, spool, form);
      else await spool.close();
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Writes the final file beside its place, moves it there in one step, and drops the spool. */
async function finish(path: string, spool: Spool, form: Form): Promise<void> {
  const made = form.begin(spool.columns);
  await replace(path, async (file) => {
    for await (const { cells, rows } of spool.read(form.pieceRows)) await file.append(made.piece(cells, rows));
    await file.append(made.finish());
  });
  await spool.remove();
}

/** Makes the spool of a finished file, as it was after `rows` rows. */
async function unfinish(
  path: string,
  part: string,
  columns: readonly TypedColumn[],
  form: Form,
  rows: number,
): Promise<void> {
  const writer = new ArrowWriter(columns, 'stream');
  let lacking = rows;
  await replace(part, async (file) => {
    await file.append(writer.take());
    for await (const batch of form.read(path, columns)) {
      const taken = Math.min(lacking, batch.rows);
      if (taken === 0) break;
      const cells = columns.map((_, at) =>
        Array.from({ length: taken }, (_, row) => restored(columns[at], batch.get(at, row))),
      );
      writer.write(cells, taken);
      await file.append(writer.take());
      lacking -= taken;
    }
  });
}

function restored({ type }: TypedColumn, cell: unknown): unknown {
  if (cell instanceof Date) return cell.getTime();
  return type === 'real' ? (cell ?? Number.NaN) : cell;
}

async function replace(path: string, write: (file: AppendFile) => Promise<void>): Promise<void> {
  const beside = `${path}.tmp`;
  await rm(beside, { force: true });
  const file = new AppendFile(beside);
  await file.open(0);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncFolder(dirname(resolve(path)));
}

const arrow: Form = {
  pieceRows: 8192,
  begin(columns) {
    const writer = new ArrowWriter(columns, 'file');
    return {
      piece(cells, rows) {
        writer.write(cells, rows);
        return writer.take();
      },
      finish() {
        writer.finish();
        return writer.take();
      },
    };
  },
  read: (path) => arrowBatches(createReadStream(path)),
};

const parquetTypes: Record<ColumnType, 'STRING' | 'TIMESTAMP' | 'INT64' | 'DOUBLE' | 'BOOLEAN'> = {
  text: 'STRING',
  time: 'TIMESTAMP',
  whole: 'INT64',
  real: 'DOUBLE',
  flag: 'BOOLEAN',
};

const parquet: Form = {
  pieceRows: 1 << 16,
  begin(columns) {
    const bytes = new ByteWriter();
    const take = (): Uint8Array => {
      const taken = bytes.getBytes().slice();
      bytes.index = 0;
      return taken;
    };
    const data = (cells: Cells) =>
      columns.map(({ name, type }, at) => ({ name, data: parquetCells(type, cells[at]), nullable: type === 'real' }));
    const schema = schemaFromColumnData({
      columnData: columns.map(({ name, type }) => ({
        name,
        data: [],
        type: parquetTypes[type],
        nullable: type === 'real',
      })),
    });
    const writer = new ParquetWriter({ writer: bytes, schema, createdBy: 'engram' });
    return {
      piece(cells, rows) {
        writer.write({ columnData: data(cells), rowGroupSize: rows });
        return take();
      },
      finish() {
        writer.finish();
        return take();
      },
    };
  },
  async *read(path, columns) {
    const names = columns.map(({ name }) => name);
    for await (const page of parquetTable(path).pages(0, names, new AbortController().signal)) {
      const rows: unknown[][] = [];
      while (page.next()) rows.push([...page.cells]);
      yield { columns: names, rows: rows.length, get: (column, row) => rows[row][column] };
    }
  },
};

function parquetCells(type: ColumnType, cells: readonly unknown[]): unknown[] {
  if (type === 'real') return cells.map((cell) => (Number.isNaN(cell) ? null : cell));
  if (type === 'whole') return cells.map((cell) => BigInt(cell as number));
  return type === 'time' ? cells.map((cell) => new Date(cell as number)) : [...cells];
}

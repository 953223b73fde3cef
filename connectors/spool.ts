import { createReadStream, existsSync } from 'node:fs';
import { AppendFile } from './append.js';
import { ArrowWriter, arrowBatches, arrowMessages } from './codecs/arrow.js';
import type { ArrowRows, Cells, TypedColumn } from './codecs/cells.js';

/** Rows are held in memory up to this many, then written as one record batch. */
const spoolRows = 1024;

/**
 * Rows on their way to a format that can only be written as a whole: an Arrow IPC stream without end that is appended
 * to, cut back to a number of rows, and read back in order. Its marks are numbers of rows.
 */
export class Spool {
  readonly #file: AppendFile;
  #writer: ArrowWriter;
  #rows = 0;
  #waiting: unknown[][];

  constructor(
    readonly path: string,
    readonly columns: readonly TypedColumn[],
    /** What errors call it: the file that the rows are on their way to. */
    readonly name = path,
  ) {
    this.#file = new AppendFile(path);
    this.#writer = new ArrowWriter(columns, 'stream');
    this.#waiting = columns.map(() => []);
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows + this.#waiting[0].length;
  }

  /** Begins anew, or goes on after the first `rows`; throws if there are fewer, or if they have other columns. */
  async open(mark: number | undefined): Promise<void> {
    const stored = existsSync(this.path);
    if (mark !== undefined && mark > 0 && !stored) {
      throw new Error(
        `${this.name}: expected the ${mark} rows that the checkpoint says were written, the file is gone: put it back, ` +
          'or start fresh in another state folder',
      );
    }
    const rows = stored ? mark : undefined;
    this.#writer = new ArrowWriter(this.columns, 'stream');
    const schema = this.#writer.take();
    this.#waiting = this.columns.map(() => []);
    this.#rows = rows ?? 0;
    if (rows === undefined) {
      await this.#file.open(0);
      await this.#file.append(schema);
      return;
    }
    await this.#file.open(await this.#endOf(rows, schema));
  }

  /** Adds a row, one cell per column. */
  add(cells: readonly unknown[]): void {
    for (let at = 0; at < cells.length; at++) this.#waiting[at].push(cells[at]);
  }

  /** Enough rows wait for a batch: `settle` should be called before more are added. */
  get full(): boolean {
    return this.#waiting[0].length >= spoolRows;
  }

  /** Writes the rows that wait. */
  settle(): Promise<void> {
    return this.#write();
  }

  /** Makes all rows durable; returns their number. */
  async flush(): Promise<number> {
    await this.#write();
    await this.#file.sync();
    return this.#rows;
  }

  /** All rows so far in pieces of `pieceRows`, the last one shorter, however they were cut when they were added. */
  async *read(pieceRows: number): AsyncGenerator<{ cells: Cells; rows: number }> {
    await this.#write();
    const last = this.#file.bytes - 1;
    const stored = createReadStream(this.path, { end: last });
    yield* pieces(this.columns, arrowBatches(stored), pieceRows);
  }

  async close(): Promise<void> {
    await this.#write();
    await this.#file.close();
  }

  async remove(): Promise<void> {
    await this.#file.remove();
  }

  async #write(): Promise<void> {
    const rows = this.#waiting[0].length;
    if (rows === 0) return;
    this.#writer.write(this.#waiting, rows);
    for (const column of this.#waiting) column.length = 0;
    this.#rows += rows;
    await this.#file.append(this.#writer.take());
  }

  /** The byte after which exactly `rows` rows are stored. */
  async #endOf(rows: number, schema: Uint8Array): Promise<number> {
    let stored = 0;
    let end = 0;
    for await (const message of arrowMessages(createReadStream(this.path))) {
      if (end === 0 && Buffer.compare(message.bytes, schema) !== 0) {
        throw new Error(
          `${this.name}: expected the columns ${this.columns.map(({ name }) => name).join(', ')}, as this pipeline ` +
            'makes them, found others: run the pipeline it was begun by, or start fresh in another state folder',
        );
      }
      stored += message.rows;
      end = message.end;
      if (stored >= rows) break;
    }
    if (stored === rows) return end;
    throw new Error(
      `${this.name}: expected ${rows} rows, as the checkpoint says, found ${stored} in ${this.path}: the output was changed; ` +
        'put it back, or start fresh in another state folder',
    );
  }
}

/** Cuts batches of whatever sizes into pieces of one size. */
export async function* pieces(
  columns: readonly TypedColumn[],
  batches: AsyncIterable<ArrowRows>,
  pieceRows: number,
): AsyncGenerator<{ cells: Cells; rows: number }> {
  let cells: unknown[][] = columns.map(() => []);
  for await (const batch of batches) {
    for (let row = 0; row < batch.rows; row++) {
      for (let at = 0; at < columns.length; at++) cells[at].push(plain(columns[at].type, batch.get(at, row)));
      if (cells[0].length === pieceRows) {
        yield { cells, rows: pieceRows };
        cells = columns.map(() => []);
      }
    }
  }
  if (cells[0].length > 0) yield { cells, rows: cells[0].length };
}

/** A cell as it was added. */
function plain(type: TypedColumn['type'], cell: unknown): unknown {
  if (type === 'real') return cell ?? Number.NaN;
  if (type === 'whole') return Number(cell);
  return cell instanceof Date ? cell.getTime() : cell;
}

import type { Batch, Event, Reject } from '../event.js';
import { CutInput } from './bytes.js';
import { Chooser, type ColumnOptions, type Columns } from './columns.js';
import { identityOf } from './identity.js';
import { type Fault, rejectOf } from './rejects.js';
import type { Opening, Source } from './source.js';

/** A cursor over the rows of a part of a table. */
export interface Page {
  /** Goes to the next row; false after the last. */
  next(): boolean;
  /** The row, one cell per column of the table; overwritten by the next. */
  readonly cells: readonly unknown[];
  /** Why the row has no cells. */
  readonly fault: Fault | undefined;
  /** 1-based line where the input is text. */
  readonly line: number | undefined;
  /** The input ended inside this row, perhaps. */
  readonly cut: boolean;
  /** Offset of the first row, where this page does not follow the one before it. */
  readonly first?: number | undefined;
  /** The row as it came. */
  raw(): string;
}

/** What is shown of a table before it is read. */
export interface Visit {
  /** Its columns, before any row; may be called again with the same. */
  columns(names: readonly string[]): void;
  /** A row from the start on; true when enough was seen. */
  row(cells: readonly unknown[]): boolean;
}

/** Rows and columns in some format, not yet events. */
export interface Table {
  /** What errors call it. */
  readonly name: string;
  /** How its bytes are read, as text; complete once its head was seen. */
  settings(): string;
  head(visit: Visit): Promise<{ readonly rows?: number }>;
  /**
   * The rows page by page. May begin at any row up to `from`; throws `CutInput` after the rows before a damage. `columns`
   * are the ones whose cells will be looked at.
   */
  pages(from: number, columns: readonly string[], stop: AbortSignal): AsyncIterable<Page>;
}

export interface TableOptions extends ColumnOptions {
  /** Name of the log, part of every id; the file's name without endings by default. */
  readonly shard?: string;
  /** Rows per batch at most. */
  readonly batchRows?: number;
}

export const batchRowsDefault = 128;

/** A table as one log: every row has an offset, from 0, whether it becomes an event or a reject. */
export class TableSource implements Source {
  readonly #batchRows: number;
  #columns: Columns | undefined;

  constructor(
    readonly table: Table,
    readonly shard: string,
    readonly options: TableOptions = {},
  ) {
    this.#batchRows = options.batchRows ?? batchRowsDefault;
    if (!Number.isInteger(this.#batchRows) || this.#batchRows < 1) {
      throw new Error(`batchRows: expected a whole number of at least 1, got ${this.#batchRows}`);
    }
  }

  async open(): Promise<Opening> {
    const chooser = new Chooser(this.table.name, this.shard, this.options);
    let head: { readonly rows?: number } = {};
    try {
      head = await this.table.head(chooser);
    } catch (error) {
      // What is broken further on is told when it is read, after the rows before it.
      if (!(error instanceof CutInput && chooser.begun)) throw error;
    }
    this.#columns = chooser.settle();
    const { channels, categories } = this.#columns;
    const identity = identityOf(this.table.settings(), this.#columns, chooser.first);
    return { shards: [this.shard], channels, ...(categories.length > 0 ? { categories } : {}), identity, ...head };
  }

  async *read(shard: string, from: number, stop: AbortSignal): AsyncGenerator<Batch<Event>> {
    if (shard !== this.shard) throw new Error(`${this.table.name}: expected shard "${this.shard}", got "${shard}"`);
    if (!this.#columns) await this.open();
    const columns = this.#columns as Columns;
    let rows: Event[] = [];
    let rejects: Reject[] = [];
    let lines: number[] = [];
    let offset = 0;
    const batch = (): Batch<Event> => {
      const made = { shard, rows, rejects, next: offset, ...(lines.length > 0 ? { lines } : {}) };
      lines = [];
      rows = [];
      rejects = [];
      return made;
    };
    try {
      for await (const page of this.table.pages(from, columns.needed, stop)) {
        if (page.first !== undefined) offset = page.first;
        while (page.next()) {
          if (offset >= from) {
            const event = page.fault ? undefined : columns.decode(page.cells, offset);
            if (event) {
              rows.push(event);
              if (page.line !== undefined) lines.push(page.line);
            } else rejects.push(refused(shard, offset, page, columns));
          }
          offset++;
          if (rows.length + rejects.length === this.#batchRows) {
            yield batch();
            if (stop.aborted) return;
          }
        }
        if (rows.length + rejects.length > 0) yield batch();
        if (stop.aborted) return;
      }
    } catch (error) {
      if (!(error instanceof CutInput)) throw error;
      // The offset stays before the damage, so that a whole copy of the input can be gone on with.
      rejects.push(rejectOf(shard, offset, { reason: 'cut', message: error.message }, '', undefined));
      yield batch();
      throw error;
    }
    if (stop.aborted) return;
    if (offset < from) {
      throw new Error(
        `${this.table.name}: expected at least ${from} rows, as many as the checkpoint has read, found ${offset}: ` +
          'it is not the input the checkpoint was made with; give that one, or start fresh in another state folder',
      );
    }
    yield { ...batch(), ends: true };
  }
}

function refused(shard: string, offset: number, page: Page, columns: Columns): Reject {
  const fault = page.fault ?? columns.fault;
  if (!page.cut) return rejectOf(shard, offset, fault, page.raw(), page.line);
  const message = `expected a whole last row, it ends without a line end: ${fault.message}`;
  return rejectOf(shard, offset, { reason: 'cut', message }, page.raw(), page.line);
}

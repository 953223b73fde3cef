import { type Arena, arena as processArena } from './arena.js';
import { type Column, columns, describe, isField, type Layout, type Row, rowBytes, scalarBytes } from './layout.js';

const arrays = { f64: Float64Array, f32: Float32Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array } as const;
/** Pages aim at this many bytes at most: large enough that what is done once per page costs little, small enough that the last is no great waste. */
const pageBytesAim = 1 << 20;
const pageRowsMax = 4096;

/** The numbers of one column, in one page or one saved batch. */
export type Numbers = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** One page: room for `rows` rows from number `from` on, stored column after column, each on a multiple of 64 bytes. */
export interface Page {
  readonly from: number;
  readonly rows: number;
  readonly at: number;
  readonly bytes: number;
  /** Where each column begins, as an address. */
  readonly starts: readonly number[];
}

/** Rows of one layout in pages that never move; a page has the byte layout of an Arrow record batch. */
export class Slab<L extends Layout> {
  readonly columns: readonly Column[];
  /** Rows of the largest pages; the first has one row, and every next doubles the slab until then. */
  readonly pageRows: number;
  readonly #pages: Page[] = [];
  readonly #views: (Row<L> | undefined)[] = [];
  #length = 0;
  #room = 0;

  constructor(
    readonly layout: L,
    readonly arena: Arena = processArena,
  ) {
    this.columns = columns(layout);
    const bytes = Math.max(1, rowBytes(layout));
    this.pageRows = Math.max(1, Math.min(pageRowsMax, Math.floor(pageBytesAim / bytes)));
  }

  get length(): number {
    return this.#length;
  }

  get pages(): readonly Page[] {
    return this.#pages;
  }

  /** Bytes taken from the arena. */
  get bytes(): number {
    return this.#pages.reduce((sum, page) => sum + page.bytes, 0);
  }

  /** A new row of zeros; its number is the old length. */
  add(): number {
    if (this.#length === this.#room) {
      const page = this.#newPage(Math.min(this.pageRows, Math.max(1, this.#room)));
      this.#pages.push(page);
      this.#room += page.rows;
    }
    return this.#length++;
  }

  #newPage(rows: number): Page {
    let bytes = 0;
    const offsets = this.columns.map(({ of, length }) => {
      const offset = bytes;
      bytes += Math.ceil((scalarBytes(of) * length * rows) / 64) * 64;
      return offset;
    });
    const at = this.arena.take(bytes);
    return { from: this.#room, rows, at, bytes: Math.max(64, bytes), starts: offsets.map((offset) => at + offset) };
  }

  /** The row's fields as views; the same object at every call. */
  row(index: number): Row<L> {
    const known = this.#views[index];
    if (known !== undefined) return known;
    if (!Number.isInteger(index) || index < 0 || index >= this.#length) {
      throw new RangeError(`row ${index} of a slab of ${this.#length} rows`);
    }
    const page = this.pageOf(index);
    const slot = index - page.from;
    let next = 0;
    const view = (layout: Layout): unknown =>
      Object.fromEntries(
        Object.entries(layout).map(([name, part]) => {
          if (!isField(part)) return [name, view(part)];
          const { of, length } = part;
          const at = (page.starts[next++] as number) + slot * length * scalarBytes(of);
          return [name, new arrays[of](this.arena.buffer, at, length)];
        }),
      );
    const row = view(this.layout) as Row<L>;
    this.#views[index] = row;
    return row;
  }

  /** The page that holds a row. */
  pageOf(index: number): Page {
    let low = 0;
    for (let high = this.#pages.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pages[middle] as Page).from <= index) low = middle;
      else high = middle - 1;
    }
    return this.#pages[low] as Page;
  }

  /** Sets every field of a row to zero, for a new owner. */
  clear(index: number): void {
    const zero = (row: object): void => {
      for (const part of Object.values(row)) {
        if (ArrayBuffer.isView(part)) (part as Uint8Array).fill(0);
        else zero(part as object);
      }
    };
    zero(this.row(index));
  }

  /** A page's part of the column with this number, `rows * length` scalars. */
  column(page: Page, index: number): Numbers {
    const { of, length } = this.columns[index] as Column;
    return new arrays[of](this.arena.buffer, page.starts[index] as number, page.rows * length);
  }

  /** Returns the pages; the slab and its rows may not be used afterwards. */
  free(): void {
    for (const page of this.#pages) this.arena.give(page.at, page.bytes);
    this.#pages.length = 0;
    this.#views.length = 0;
    this.#length = 0;
    this.#room = 0;
  }

  toString(): string {
    return describe(this.layout);
  }
}

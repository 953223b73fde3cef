import { type Arena, arena as processArena } from './arena.js';
import { type Column, columns, describe, isField, type Layout, type Row, rowBytes, scalarBytes } from './layout.js';

const arrays = { f64: Float64Array, f32: Float32Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array } as const;
/** Pages aim at this many bytes: small enough to write one at a time, large enough to keep columns together. */
const pageBytesAim = 1 << 18;
const pageRowsMax = 1024;

/** One page: `rows` rows, stored column after column at `at`, each column a multiple of 64 bytes. */
export interface Page {
  readonly at: number;
  readonly rows: number;
}

/** A column's place inside every page. */
interface Placed extends Column {
  readonly offset: number;
}

/** Rows of one layout in pages that never move; a page has the byte layout of an Arrow record batch. */
export class Slab<L extends Layout> {
  readonly columns: readonly Placed[];
  readonly pageRows: number;
  readonly pageBytes: number;
  readonly #pages: Page[] = [];
  readonly #views: (Row<L> | undefined)[] = [];
  #length = 0;

  constructor(
    readonly layout: L,
    readonly arena: Arena = processArena,
  ) {
    this.pageRows = Math.max(1, Math.min(pageRowsMax, Math.floor(pageBytesAim / rowBytes(layout))));
    let offset = 0;
    this.columns = columns(layout).map((column) => {
      const placed = { ...column, offset };
      offset += Math.ceil((scalarBytes(column.of) * column.length * this.pageRows) / 64) * 64;
      return placed;
    });
    this.pageBytes = offset;
  }

  get length(): number {
    return this.#length;
  }

  get pages(): readonly Page[] {
    return this.#pages;
  }

  /** Bytes taken from the arena. */
  get bytes(): number {
    return this.#pages.length * this.pageBytes;
  }

  /** A new row of zeros; its number is the old length. */
  add(): number {
    if (this.#length === this.#pages.length * this.pageRows) {
      this.#pages.push({ at: this.arena.take(this.pageBytes), rows: this.pageRows });
    }
    return this.#length++;
  }

  /** The row's fields as views; the same object at every call. */
  row(index: number): Row<L> {
    const known = this.#views[index];
    if (known !== undefined) return known;
    if (!(index >= 0 && index < this.#length)) {
      throw new RangeError(`row ${index} of a slab of ${this.#length} rows`);
    }
    const page = this.#pages[Math.floor(index / this.pageRows)] as Page;
    const slot = index % this.pageRows;
    let next = 0;
    const view = (layout: Layout): unknown =>
      Object.fromEntries(
        Object.entries(layout).map(([name, part]) => {
          if (!isField(part)) return [name, view(part)];
          const { of, length, offset } = this.columns[next++] as Placed;
          const at = page.at + offset + slot * length * scalarBytes(of);
          return [name, new arrays[of](this.arena.buffer, at, length)];
        }),
      );
    const row = view(this.layout) as Row<L>;
    this.#views[index] = row;
    return row;
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

  /** A page's part of one column, `rows * length` scalars. */
  column(page: Page, column: Placed): Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array {
    return new arrays[column.of](this.arena.buffer, page.at + column.offset, page.rows * column.length);
  }

  /** Returns the pages; the slab and its rows may not be used afterwards. */
  free(): void {
    for (const page of this.#pages) this.arena.give(page.at, this.pageBytes);
    this.#pages.length = 0;
    this.#views.length = 0;
    this.#length = 0;
  }

  toString(): string {
    return describe(this.layout);
  }
}

import { CutInput, type Input } from './bytes.js';
import { arrowBatches, arrowFileBatches, Damage, SchemaAtEnd } from './codecs/arrow.js';
import type { ArrowRows } from './codecs/cells.js';
import { shown } from './rejects.js';
import type { Page, Table, Visit } from './table.js';

export type ArrowFormat = 'arrow';

/** An Arrow IPC file or stream, one page per record batch. */
export function arrowTable(input: Input): Table {
  async function* read(stop?: AbortSignal): AsyncGenerator<ArrowRows> {
    try {
      try {
        yield* arrowBatches(input.bytes(stop));
      } catch (error) {
        if (!(error instanceof SchemaAtEnd)) throw error;
        yield* arrowFileBatches(await whole(input, stop));
      }
    } catch (error) {
      if (error instanceof Damage) throw new CutInput(`${input.name}: ${error.message}; write the file again`);
      throw error;
    }
  }
  return {
    name: input.name,
    settings: () => 'arrow',
    async head(visit: Visit) {
      for await (const { columns, rows, get } of read()) {
        visit.columns(columns);
        for (let row = 0; row < rows; row++) if (visit.row(columns.map((_, at) => get(at, row)))) return {};
      }
      return {};
    },
    async *pages(_from, needed, stop) {
      for await (const { columns, rows, get } of read(stop)) {
        const wanted = needed.map((name) => columns.indexOf(name));
        yield new CellRows(columns, wanted, rows, get);
      }
    },
  };
}

/** Files that can only be read as a whole are read up to this size. */
export const wholeBytesMax = 1 << 30;

/** All bytes of an input, for files whose schema is at the end, as apache-arrow for JavaScript writes them. */
async function whole(input: Input, stop: AbortSignal | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of input.bytes(stop)) {
    size += part.length;
    if (size > wholeBytesMax) {
      throw new Damage(`expected at most ${wholeBytesMax} bytes where the schema is at the end: write an Arrow stream`);
    }
    parts.push(part);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A cursor over rows whose cells are typed. */
export class CellRows implements Page {
  readonly cells: unknown[];
  readonly fault = undefined;
  readonly line = undefined;
  readonly cut = false;
  #row = -1;

  constructor(
    readonly columns: readonly string[],
    readonly wanted: readonly number[],
    readonly rows: number,
    readonly get: (column: number, row: number) => unknown,
    readonly first?: number | undefined,
  ) {
    this.cells = columns.map(() => null);
  }

  next(): boolean {
    if (++this.#row >= this.rows) return false;
    for (const at of this.wanted) this.cells[at] = this.get(at, this.#row);
    return true;
  }

  raw(): string {
    return `{${this.wanted.map((at) => `${JSON.stringify(this.columns[at])}:${shown(this.cells[at])}`).join(',')}}`;
  }
}

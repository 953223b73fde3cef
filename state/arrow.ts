import {
  Field as ArrowField,
  type Data,
  DataType,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  Uint8,
  Uint32,
  Utf8,
} from 'apache-arrow';
import type { Keys } from './keys.js';
import { type Column, describe, type Layout, type Scalar } from './layout.js';
import type { Numbers, Slab } from './slab.js';
import { streamEnd } from './stream.js';

export type { Table } from 'apache-arrow';

/** What a step saves: Arrow tables by name. Their columns are views of live pages until they are encoded. */
export type Bundle = Readonly<Record<string, Table>>;

/** Saved state that belongs to another layout, version or step than the one that wants to open it. */
export class StateMismatch extends Error {
  override readonly name = 'StateMismatch';
}

/** What a saved table belongs to. */
export interface Owner {
  readonly id: string;
  readonly version: string;
}

const types: Record<Scalar, () => DataType> = {
  f64: () => new Float64(),
  f32: () => new Float32(),
  i32: () => new Int32(),
  u32: () => new Uint32(),
  u8: () => new Uint8(),
};
const scalars = new Map(Object.entries(types).map(([of, make]) => [String(make()), of as Scalar]));

/** The Arrow field of a column: a number, or a list of fixed size where rows hold several. */
function arrowField({ path, of, length }: Column): ArrowField {
  const item = types[of]();
  if (length === 1) return new ArrowField(path, item, false);
  return new ArrowField(path, new FixedSizeList(length, new ArrowField('item', item, false)), false);
}

/**
 * The rows of a slab page by page, with the key that owns each and its rank by last use; nothing is copied but the
 * keys. Without `keys` the rows belong to nobody in particular.
 */
export function slabTable<L extends Layout>(slab: Slab<L>, keys: Keys | undefined, owner: Owner): Table {
  const ranks = new Uint32Array(slab.length);
  keys?.order.forEach((row, rank) => {
    ranks[row] = rank;
  });
  const names = keys?.names ?? Array.from(ranks, () => null);
  const rankType = new Uint32();
  const fields = [
    new ArrowField('key', new Utf8(), true),
    new ArrowField('rank', rankType, false),
    ...slab.columns.map(arrowField),
  ];
  const metadata = { stage: owner.id, version: owner.version, layout: describe(slab.layout) };
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  // One type for all pages: there may be many, and a type is dear to make.
  const columnTypes = fields.slice(2).map(({ type }) => type);
  const batches = slab.pages.map((page) => {
    const rows = Math.min(page.rows, slab.length - page.from);
    const columns = slab.columns.map(({ length }, index) =>
      columnData(columnTypes[index] as DataType, slab.column(page, index).subarray(0, rows * length), length),
    );
    const key = textData(names.slice(page.from, page.from + rows));
    const rank = numberData(rankType, ranks.subarray(page.from, page.from + rows));
    return batchOf(schema, [key, rank, ...columns], rows);
  });
  return new Table(schema, batches);
}

function batchOf(schema: Schema, children: Data[], length: number): RecordBatch {
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }));
}

function numberData(type: DataType, data: ArrayBufferView & { length: number }): Data {
  return makeData({ type: type as Float64, length: data.length, nullCount: 0, data: data as Float64Array }) as Data;
}

/** Numbers as a column of a type that `arrowField` gave. */
function columnData(type: DataType, data: Numbers, listSize: number): Data {
  if (!DataType.isFixedSizeList(type)) return numberData(type, data);
  const child = numberData(type.valueType, data);
  return makeData({ type, length: data.length / listSize, nullCount: 0, child }) as Data;
}

const encoder = new TextEncoder();
// A mark of byte order is part of a key like any other character: by default a decoder would swallow it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textData(texts: readonly (string | null)[]): Data {
  const { valueOffsets, data } = utf8Of(texts);
  const nullCount = texts.filter((text) => text === null).length;
  const nullBitmap = new Uint8Array(nullCount > 0 ? Math.ceil(texts.length / 8) : 0);
  if (nullCount > 0) {
    texts.forEach((text, i) => {
      if (text !== null) nullBitmap[i >> 3]! |= 1 << (i & 7);
    });
  }
  return makeData({ type: new Utf8(), length: texts.length, nullCount, nullBitmap, valueOffsets, data }) as Data;
}

/** The texts in UTF-8, one after the other. */
function utf8Of(texts: readonly (string | null)[]): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => {
    valueOffsets[i + 1] = (valueOffsets[i] as number) + (text?.length ?? 0);
  });
  // All at once: keys are many, and each call has its price. A byte per character means that each is one character of ASCII.
  const data = encoder.encode(texts.join(''));
  if (data.length !== valueOffsets[texts.length]) {
    texts.forEach((text, i) => {
      valueOffsets[i + 1] = (valueOffsets[i] as number) + (text === null ? 0 : encoder.encode(text).length);
    });
  }
  return { valueOffsets, data };
}

/** Rows of a slab as they were saved, every type and length checked: safe to read, whoever wrote them. */
export interface SavedRows {
  readonly owner: Owner;
  /** `describe` of the layout they were written from. */
  readonly layout: string;
  readonly length: number;
  /** The key of each row, null where it is free or belongs to all. */
  readonly names: readonly (string | null)[];
  /** The rows that have a key, from the least to the most recently used. */
  readonly order: readonly number[];
  readonly columns: readonly SavedColumn[];
}

/** A column of saved rows, in the parts it was written in: one per page. */
export interface SavedColumn extends Column {
  readonly parts: readonly { readonly from: number; readonly rows: number; readonly numbers: Numbers }[];
}

/** Reads a table that `slabTable` made; throws `StateMismatch` where anything is not as it writes it. */
export function savedRows(table: Table): SavedRows {
  const { metadata, fields } = table.schema;
  const [id, version, layout] = ['stage', 'version', 'layout'].map((name) => metadata.get(name));
  if (id === undefined || version === undefined || layout === undefined) {
    throw new StateMismatch(`expected a table of state, which names its stage, version and layout, found ${fields}`);
  }
  const expect = (fits: unknown, expected: string, found: unknown): void => {
    if (!fits) throw new StateMismatch(`step ${id}: expected ${expected}, found ${found}`);
  };
  const [keyField, rankField, ...rest] = fields;
  expect(keyField?.name === 'key' && DataType.isUtf8(keyField.type), 'a first column key of text', keyField);
  expect(rankField?.name === 'rank' && `${rankField.type}` === 'Uint32', 'a second column rank of Uint32', rankField);
  const columns = rest.map((field) => ({ ...columnOf(field), parts: [] as SavedColumn['parts'][number][] }));
  const names: (string | null)[] = [];
  const ranks: number[] = [];
  for (const { data, numRows: rows } of table.batches) {
    if (rows === 0) continue;
    const [key, rank, ...children] = data.children;
    expect(key && rank && children.length === columns.length, `${columns.length + 2} columns`, data.children.length);
    const from = names.length;
    for (const name of textsOf(key as Data, rows, id)) names.push(name);
    for (const value of numbersOf(rank as Data, { path: 'rank', of: 'u32', length: 1 }, rows)) ranks.push(value);
    columns.forEach((column, i) => {
      column.parts.push({ from, rows, numbers: numbersOf(children[i] as Data, column, rows) });
    });
  }
  const order = names.flatMap((name, row) => (name === null ? [] : [row]));
  order.sort((a, b) => (ranks[a] as number) - (ranks[b] as number));
  expect(new Set(order.map((row) => ranks[row])).size === order.length, 'a rank of its own for every key', 'a tie');
  expect(new Set(order.map((row) => names[row])).size === order.length, 'every key once', 'one twice');
  return { owner: { id, version }, layout, length: names.length, names, order, columns };
}

function columnOf({ name, type }: ArrowField): Column {
  const list = DataType.isFixedSizeList(type);
  const of = scalars.get(String(list ? type.valueType : type));
  const length = list ? type.listSize : 1;
  if (of && length >= (list ? 2 : 1)) return { path: name, of, length };
  throw new StateMismatch(`column ${name}: expected numbers or lists of them of one size, found ${type}`);
}

function numbersOf(data: Data, { path, of, length }: Column, rows: number): Numbers {
  const child = (length === 1 ? data : data.children[0]) as Data | undefined;
  const values = child?.values as Numbers | undefined;
  const plain = child && [data, child].every(({ offset, nullCount }) => offset === 0 && nullCount === 0);
  if (!plain || !values || scalars.get(String(child.type)) !== of || values.length < rows * length) {
    throw new StateMismatch(`column ${path}: expected ${rows * length} numbers and no null, found ${values?.length}`);
  }
  return values.subarray(0, rows * length);
}

function textsOf({ values, valueOffsets, nullBitmap, offset }: Data, rows: number, id: string): (string | null)[] {
  const bytes = values as Uint8Array;
  const ends = valueOffsets as Int32Array;
  const nulls = nullBitmap?.length ? nullBitmap : undefined;
  const refuse = (): never => {
    throw new StateMismatch(`step ${id}: expected ${rows} texts in UTF-8, found a column that does not hold them`);
  };
  if (offset !== 0 || ends.length <= rows || (nulls && nulls.length * 8 < rows)) refuse();
  return Array.from({ length: rows }, (_, i) => {
    const [from, to] = [ends[i] as number, ends[i + 1] as number];
    if (from < 0 || to < from || to > bytes.length) refuse();
    if (nulls && !((nulls[i >> 3] as number) & (1 << (i & 7)))) return null;
    try {
      return decoder.decode(bytes.subarray(from, to));
    } catch {
      return refuse();
    }
  });
}

/** Keeps what is written as it comes: joined later, nothing is copied twice. */
class Pieces extends RecordBatchStreamWriter {
  readonly pieces: Uint8Array[] = [];

  protected override _write(chunk: ArrayBufferView): this {
    if (this._started && chunk.byteLength > 0) {
      this.pieces.push(new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength));
      this._position += chunk.byteLength;
    }
    return this;
  }
}

/** A table as an Arrow IPC stream, piece after piece: views of its columns, good until these change. */
export function piecesOf(table: Table): readonly Uint8Array[] {
  const writer = new Pieces();
  writer.writeAll(table);
  return writer.pieces;
}

/** A table as an Arrow IPC stream. */
export function encode(table: Table): Uint8Array {
  const pieces = piecesOf(table);
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The table of the Arrow IPC stream at the start of `bytes`, as views of these; refuses what reaches outside. */
export function decode(bytes: Uint8Array): Table {
  return tableFromIPC(bytes.subarray(0, streamEnd(bytes)));
}

/** Columns of a manifest: text, numbers, whole numbers, or whole numbers below 2³². */
export type ManifestColumns = Readonly<
  Record<string, readonly string[] | readonly number[] | BigInt64Array | Uint32Array>
>;

/** A table of text and numbers in one batch, for manifests. */
export function tableOf(columns: ManifestColumns, metadata: Readonly<Record<string, string>>): Table {
  const data = Object.values(columns).map((values) => {
    if (values instanceof BigInt64Array) return numberData(new Int64(), values);
    if (values instanceof Uint32Array) return numberData(new Uint32(), values);
    if (typeof values[0] === 'number') return numberData(new Float64(), Float64Array.from(values as number[]));
    return textData(values as readonly string[]);
  });
  const fields = Object.keys(columns).map((name, i) => new ArrowField(name, (data[i] as Data).type, false));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  return new Table(schema, [batchOf(schema, data, data[0]?.length ?? 0)]);
}

/** The text and the numbers of a manifest, column by column. */
export function columnsOf(table: Table): Record<string, readonly (string | number)[]> {
  const named = table.schema.fields.map(({ name, type }, i) => {
    const values: (string | number)[] = [];
    for (const { data, numRows } of table.batches) {
      const column = data.children[i] as Data;
      if (numRows === 0) continue;
      if (DataType.isUtf8(type)) values.push(...(textsOf(column, numRows, 'manifest') as string[]));
      else
        values.push(
          ...Array.from(column.values.subarray(0, numRows) as BigInt64Array | Uint32Array | Float64Array, Number),
        );
    }
    return [name, values] as const;
  });
  return Object.fromEntries(named);
}

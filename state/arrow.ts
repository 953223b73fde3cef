import {
  Field as ArrowField,
  type Data,
  type DataType,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint8,
  Uint32,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { type KeyLimit, Keys } from './keys.js';
import { type Column, describe, type Layout, type Scalar } from './layout.js';
import type { Page, Slab } from './slab.js';

export type { Table } from 'apache-arrow';

/** What a step saves: Arrow tables by name. Their columns are views of live pages until they are encoded. */
export type Bundle = Readonly<Record<string, Table>>;

/** Saved state that belongs to another layout, version or step than the one that wants to open it. */
export class StateMismatch extends Error {
  override readonly name = 'StateMismatch';
}

const types: Record<Scalar, () => DataType> = {
  f64: () => new Float64(),
  f32: () => new Float32(),
  i32: () => new Int32(),
  u32: () => new Uint32(),
  u8: () => new Uint8(),
};

/** The Arrow field of a column: a number, or a list of fixed size where rows hold several. */
function arrowField({ path, of, length }: Column): ArrowField {
  const item = types[of]();
  if (length === 1) return new ArrowField(path, item, false);
  return new ArrowField(path, new FixedSizeList(length, new ArrowField('item', item, false)), false);
}

/** What a saved table belongs to. */
export interface Owner {
  readonly id: string;
  readonly version: string;
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
  const fields = [
    new ArrowField('key', new Utf8(), true),
    new ArrowField('rank', new Uint32(), false),
    ...slab.columns.map(arrowField),
  ];
  const schema = new Schema(
    fields,
    new Map([
      ['stage', owner.id],
      ['version', owner.version],
      ['layout', describe(slab.layout)],
    ]),
  );
  const batches = slab.pages.map((page, index) => {
    const from = index * slab.pageRows;
    const rows = Math.min(page.rows, slab.length - from);
    const key = vectorFromArray(names.slice(from, from + rows), new Utf8()).data[0] as Data;
    const rank = numbers(new Uint32(), ranks.subarray(from, from + rows), 1);
    return new RecordBatch(
      schema,
      makeData({
        type: new Struct(fields),
        length: rows,
        nullCount: 0,
        children: [key, rank, ...slab.columns.map((column) => columnData(slab, page, column, rows))],
      }),
    );
  });
  return new Table(schema, batches);
}

function columnData<L extends Layout>(slab: Slab<L>, page: Page, column: Column & { offset: number }, rows: number) {
  return numbers(types[column.of](), slab.column(page, column).subarray(0, rows * column.length), column.length);
}

function numbers(type: DataType, data: ArrayBufferView & { length: number }, listSize: number): Data {
  const child = makeData({ type: type as Float64, length: data.length, nullCount: 0, data: data as Float64Array });
  if (listSize === 1) return child as Data;
  const list = new FixedSizeList(listSize, new ArrowField('item', type, false));
  return makeData({ type: list, length: data.length / listSize, nullCount: 0, child: child as Data }) as Data;
}

/** Fills an empty slab from a saved table and returns its keys; throws `StateMismatch` when it is not its own. */
export function openSlab<L extends Layout>(
  slab: Slab<L>,
  saved: Bundle,
  name: string,
  { id, version }: Owner,
  policy: KeyLimit,
): Keys {
  const table = saved[name];
  if (!table) throw new StateMismatch(`step ${id}: the checkpoint holds no table "${name}" for it`);
  const meta = table.schema.metadata;
  const layout = describe(slab.layout);
  if (meta.get('stage') !== id || meta.get('version') !== version || meta.get('layout') !== layout) {
    throw new StateMismatch(
      `step ${id}: the checkpoint holds other state than this pipeline keeps.\n` +
        `expected ${id}, version ${version}:\n${indent(layout)}\n` +
        `found ${meta.get('stage')}, version ${meta.get('version')}:\n${indent(meta.get('layout') ?? 'no layout')}\n` +
        'Run the pipeline it was saved by, or start fresh in another state folder.',
    );
  }
  const names: (string | null)[] = [];
  const ranked: [rank: number, row: number][] = [];
  for (const batch of table.batches) {
    const key = batch.getChild('key');
    const rank = batch.getChild('rank');
    for (let row = 0; row < batch.numRows; row++) {
      const name = key?.get(row) as string | null;
      const index = slab.add();
      names.push(name);
      if (name !== null) ranked.push([rank?.get(row) as number, index]);
    }
  }
  let from = 0;
  for (const batch of table.batches) {
    for (const column of slab.columns) copyColumn(slab, column, batch, from);
    from += batch.numRows;
  }
  ranked.sort(([a], [b]) => a - b);
  return Keys.of(
    names,
    ranked.map(([, row]) => row),
    policy,
  );
}

/** Copies one column of a record batch into the rows from `from` on, whatever their pages. */
function copyColumn<L extends Layout>(
  slab: Slab<L>,
  column: Column & { offset: number },
  batch: RecordBatch,
  from: number,
) {
  const data = batch.getChild(column.path)?.data[0];
  const values = (column.length === 1 ? data?.values : data?.children[0]?.values) as Float64Array | undefined;
  if (!values || values.length < batch.numRows * column.length) {
    throw new StateMismatch(
      `column ${column.path}: expected ${batch.numRows * column.length} numbers, found ${values?.length}`,
    );
  }
  for (let row = 0; row < batch.numRows; ) {
    const page = slab.pages[Math.floor((from + row) / slab.pageRows)] as Page;
    const slot = (from + row) % slab.pageRows;
    const rows = Math.min(slab.pageRows - slot, batch.numRows - row);
    const part = values.subarray(row * column.length, (row + rows) * column.length);
    slab.column(page, column).set(part, slot * column.length);
    row += rows;
  }
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');

/** A table as an Arrow IPC stream. */
export function encode(table: Table): Uint8Array {
  return tableToIPC(table, 'stream');
}

/** The table of an Arrow IPC stream; its columns are views of `bytes` where these are aligned. */
export function decode(bytes: Uint8Array): Table {
  return tableFromIPC(bytes);
}

/** A table of text and numbers, for manifests; every column gets the type of its first value. */
export function tableOf(
  columns: Record<string, readonly (string | number)[]>,
  metadata: Record<string, string>,
): Table {
  const names = Object.keys(columns);
  const data = names.map((name) => {
    const values = columns[name] as readonly (string | number)[];
    return vectorFromArray(values, typeof values[0] === 'number' ? new Float64() : new Utf8()).data[0] as Data;
  });
  const fields = names.map((name, i) => new ArrowField(name, (data[i] as Data).type, false));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const length = data[0]?.length ?? 0;
  return new Table(schema, [
    new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children: data })),
  ]);
}

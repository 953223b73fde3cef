import { Damage } from './messages.js';

/** What an Arrow message may hold in all: more than any honest schema, little enough to be walked through at once. */
export const tablesMax = 20_000;

/** Slots of a table's fields, by the order in which Arrow's Message.fbs and Schema.fbs declare them. */
const slots = {
  message: { kind: 1, header: 2, notes: 4 },
  schema: { fields: 1, notes: 2 },
  field: { children: 5, notes: 6 },
  batch: { nodes: 1, buffers: 2, counts: 4 },
  dictionary: { data: 1 },
};
const kinds = { schema: 1, dictionary: 2, batch: 3 };
const depthMax = 64;

/**
 * Refuses the metadata of a message whose lists are longer than its bytes. The library believes their lengths, and a few
 * damaged bytes would make it fill the memory: https://flatbuffers.dev/internals/ has the format.
 */
export function checkMetadata(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let tables = 0;
  const within = (at: number, size: number): number => {
    if (!(at >= 0 && at + size <= bytes.length)) throw new Damage('expected metadata within their message');
    return at;
  };
  /** Where what a field refers to begins; undefined where the table has no such field. */
  const referred = (table: number, slot: number): number | undefined => {
    const list = within(table - view.getInt32(within(table, 4), true), 4);
    const at = 4 + 2 * slot;
    if (at + 2 > view.getUint16(list, true)) return undefined;
    const offset = view.getUint16(within(list + at, 2), true);
    if (offset === 0) return undefined;
    const from = within(table + offset, 4);
    return within(from + view.getInt32(from, true), 4);
  };
  const list = (table: number, slot: number, itemBytes: number): readonly [from: number, count: number] => {
    const at = referred(table, slot);
    if (at === undefined) return [0, 0];
    const count = view.getUint32(at, true);
    within(at + 4, count * itemBytes);
    return [at + 4, count];
  };
  const field = (table: number, depth: number): void => {
    if (++tables > tablesMax || depth > depthMax) throw new Damage(`expected at most ${tablesMax} fields in a schema`);
    list(table, slots.field.notes, 4);
    fields(table, slots.field.children, depth + 1);
  };
  const fields = (table: number, slot: number, depth: number): void => {
    const [from, count] = list(table, slot, 4);
    for (let i = 0; i < count; i++) field(from + 4 * i + view.getInt32(from + 4 * i, true), depth);
  };
  const batch = (table: number): void => {
    list(table, slots.batch.nodes, 16);
    list(table, slots.batch.buffers, 16);
    list(table, slots.batch.counts, 8);
  };
  const message = within(view.getInt32(within(0, 4), true), 4);
  list(message, slots.message.notes, 4);
  const header = referred(message, slots.message.header);
  if (header === undefined) return;
  switch (kindOf(view, message, within)) {
    case kinds.schema:
      list(header, slots.schema.notes, 4);
      fields(header, slots.schema.fields, 0);
      break;
    case kinds.batch:
      batch(header);
      break;
    case kinds.dictionary: {
      const data = referred(header, slots.dictionary.data);
      if (data !== undefined) batch(data);
    }
  }
}

/** What the header of a message is. */
function kindOf(view: DataView, message: number, within: (at: number, size: number) => number): number {
  const list = within(message - view.getInt32(message, true), 4);
  const at = 4 + 2 * slots.message.kind;
  const offset = at + 2 > view.getUint16(list, true) ? 0 : view.getUint16(within(list + at, 2), true);
  return offset === 0 ? 0 : view.getUint8(within(message + offset, 1));
}

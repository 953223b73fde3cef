/**
 * What a field of a FlatBuffers table holds: so many bytes in place, text, a vector of structs of so many bytes, a
 * vector of tables, or one of several tables, told apart by the byte in the field before.
 */
type Part =
  | { readonly kind: 'inline' | 'structs'; readonly bytes: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'tables'; readonly of: () => Shape }
  | { readonly kind: 'union'; readonly of: Readonly<Record<number, Shape>> }
  | { readonly kind: 'none' };
type Shape = readonly Part[];

const inline = (bytes: number): Part => ({ kind: 'inline', bytes });
const structs = (bytes: number): Part => ({ kind: 'structs', bytes });
const text: Part = { kind: 'text' };
/** A field that checkpoints never have: dictionaries and compression. */
const none: Part = { kind: 'none' };

/** The part of Arrow's Schema.fbs and Message.fbs that tables of state are written in. */
const keyValue: Shape = [text, text];
const pairs: Part = { kind: 'tables', of: () => keyValue };
const typeShapes = { 2: [inline(4), inline(1)], 3: [inline(2)], 5: [], 16: [inline(4)] };
const field: Shape = [
  text,
  inline(1),
  inline(1),
  { kind: 'union', of: typeShapes },
  none,
  { kind: 'tables', of: () => field },
  pairs,
];
const schema: Shape = [inline(2), { kind: 'tables', of: () => field }, pairs, structs(8)];
const recordBatch: Shape = [inline(8), structs(16), structs(16), none, structs(8)];
const schemaHeader = 1;
const batchHeader = 3;
const message: Shape = [
  inline(2),
  inline(1),
  { kind: 'union', of: { [schemaHeader]: schema, [batchHeader]: recordBatch } },
  inline(8),
  pairs,
];

const refuse = (what: string): never => {
  throw new RangeError(`expected an Arrow stream of plain columns, found ${what}`);
};

/** One FlatBuffers message, every offset and length in it checked before it is followed. */
class Flat {
  readonly #view: DataView;
  /** Tables may be shared but never number more than bytes: a message that makes itself larger is refused. */
  #left: number;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = bytes.byteLength;
  }

  /** Where the table begins that the offset at `at` points to. */
  target(at: number): number {
    this.#within(at, 4);
    const to = at + this.#view.getUint32(at, true);
    this.#within(to, 4);
    return to > at ? to : refuse('an offset to itself');
  }

  /** Where a field of a table begins; 0 if it is not there. */
  fieldAt(table: number, index: number, bytes: number): number {
    const vtable = table - this.#view.getInt32(table, true);
    this.#within(vtable, 4);
    const vtableBytes = this.#view.getUint16(vtable, true);
    const tableBytes = this.#view.getUint16(vtable + 2, true);
    this.#within(vtable, vtableBytes);
    this.#within(table, tableBytes);
    if (4 + 2 * index + 2 > vtableBytes) return 0;
    const offset = this.#view.getUint16(vtable + 4 + 2 * index, true);
    if (offset === 0) return 0;
    return offset >= 4 && offset + bytes <= tableBytes ? table + offset : refuse('a field outside its table');
  }

  byte = (table: number, index: number): number => {
    const at = this.fieldAt(table, index, 1);
    return at === 0 ? 0 : this.#view.getUint8(at);
  };

  /** A length or an offset of 64 bits. */
  long(at: number): number {
    const value = Number(this.#view.getBigInt64(at, true));
    return Number.isSafeInteger(value) && value >= 0 ? value : refuse(`a length of ${value}`);
  }

  /** Where the items of a vector begin, and how many there are. */
  vector(table: number, index: number, itemBytes: number): { at: number; count: number } {
    const at = this.fieldAt(table, index, 4);
    if (at === 0) return { at: 0, count: 0 };
    const to = this.target(at);
    const count = this.#view.getUint32(to, true);
    this.#within(to + 4, count * itemBytes);
    return { at: to + 4, count };
  }

  check(table: number, shape: Shape): void {
    if (--this.#left < 0) refuse('more tables than bytes');
    for (const [index, part] of shape.entries()) {
      switch (part.kind) {
        case 'inline':
          this.fieldAt(table, index, part.bytes);
          break;
        case 'structs':
          this.vector(table, index, part.bytes);
          break;
        case 'text':
          this.vector(table, index, 1);
          break;
        case 'none':
          if (this.fieldAt(table, index, 4) !== 0) refuse('a dictionary or compression');
          break;
        case 'union': {
          const at = this.fieldAt(table, index, 4);
          const type = this.byte(table, index - 1);
          const inner = part.of[type];
          if (!inner || at === 0) refuse(`a type of number ${type}`);
          else this.check(this.target(at), inner);
          break;
        }
        case 'tables': {
          const { at, count } = this.vector(table, index, 4);
          for (let i = 0; i < count; i++) this.check(this.target(at + 4 * i), part.of());
        }
      }
    }
  }

  #within(at: number, bytes: number): void {
    if (at < 0 || at + bytes > this.#view.byteLength) refuse(`${bytes} bytes at ${at} of ${this.#view.byteLength}`);
  }
}

/**
 * The end of the Arrow IPC stream at the start of `bytes`; throws unless it is one of plain columns in which every
 * offset and length stays inside. Readers of Arrow take them on trust, and can be made to loop or to allocate for ever.
 */
export function streamEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, first = true; ; first = false) {
    if (at + 8 > bytes.length) refuse('its end missing');
    const metadataBytes = view.getUint32(at + 4, true);
    if (view.getUint32(at, true) !== 0xffffffff) refuse(`no message at byte ${at}`);
    at += 8;
    if (metadataBytes === 0) return first ? refuse('no schema') : at;
    if (metadataBytes % 8 !== 0 || at + metadataBytes > bytes.length) refuse(`a message of ${metadataBytes} bytes`);
    const bodyBytes = checkMessage(bytes.subarray(at, at + metadataBytes), first);
    at += metadataBytes + bodyBytes;
    if (bodyBytes % 8 !== 0 || at > bytes.length) refuse(`a body of ${bodyBytes} bytes`);
  }
}

/** Checks the metadata of a message; returns the bytes of its body. */
function checkMessage(bytes: Uint8Array, first: boolean): number {
  const flat = new Flat(bytes);
  const root = flat.target(0);
  flat.check(root, message);
  const type = flat.byte(root, 1);
  if (type !== (first ? schemaHeader : batchHeader)) refuse(`a message of type ${type}`);
  const bodyAt = flat.fieldAt(root, 3, 8);
  const bodyBytes = bodyAt === 0 ? 0 : flat.long(bodyAt);
  if (type === batchHeader) checkBatch(flat, flat.target(flat.fieldAt(root, 2, 4)), bodyBytes);
  return bodyBytes;
}

function checkBatch(flat: Flat, batch: number, bodyBytes: number): void {
  // Every row takes a byte or more in every column.
  const rowsAt = flat.fieldAt(batch, 0, 8);
  if (rowsAt !== 0 && flat.long(rowsAt) > bodyBytes) refuse(`${flat.long(rowsAt)} rows in ${bodyBytes} bytes`);
  const nodes = flat.vector(batch, 1, 16);
  for (let i = 0; i < nodes.count; i++) {
    const [length, nulls] = [flat.long(nodes.at + 16 * i), flat.long(nodes.at + 16 * i + 8)];
    if (length > bodyBytes || nulls > length) refuse(`a column of ${length} rows with ${nulls} nulls`);
  }
  const buffers = flat.vector(batch, 2, 16);
  for (let i = 0; i < buffers.count; i++) {
    const [from, length] = [flat.long(buffers.at + 16 * i), flat.long(buffers.at + 16 * i + 8)];
    if (from % 8 !== 0 || from + length > bodyBytes) refuse(`a buffer of ${length} bytes at ${from} of ${bodyBytes}`);
  }
}

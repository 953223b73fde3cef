const bytesOf = { f64: 8, f32: 4, i32: 4, u32: 4, u8: 1 } as const;

export type Scalar = keyof typeof bytesOf;

/** A column of state: `length` numbers of one type in every row. */
export interface Field<T extends Scalar = Scalar> {
  readonly of: T;
  readonly length: number;
}

/** What one row of state holds: named fields, or layouts of parts. */
export interface Layout {
  readonly [name: string]: Field | Layout;
}

interface Arrays {
  f64: Float64Array;
  f32: Float32Array;
  i32: Int32Array;
  u32: Uint32Array;
  u8: Uint8Array;
}

/** One row of state: for every field a view of its bytes, to be read and written in place. */
export type Row<L extends Layout> = {
  readonly [K in keyof L]: L[K] extends Field<infer T> ? Arrays[T] : L[K] extends Layout ? Row<L[K]> : never;
};

export const f64 = (length = 1): Field<'f64'> => ({ of: 'f64', length });
export const f32 = (length = 1): Field<'f32'> => ({ of: 'f32', length });
export const i32 = (length = 1): Field<'i32'> => ({ of: 'i32', length });
export const u32 = (length = 1): Field<'u32'> => ({ of: 'u32', length });
export const u8 = (length = 1): Field<'u8'> => ({ of: 'u8', length });

export function isField(part: Field | Layout): part is Field {
  return typeof (part as Field).of === 'string' && typeof (part as Field).length === 'number';
}

/** One field of a flattened layout: `path` joins the names of its parts with dots. */
export interface Column extends Field {
  readonly path: string;
}

/** Columns that every saved table has before those of the layout. */
const reserved = ['key', 'rank'];

/** A layout is a constant, and its fields are asked for several times whenever a step is opened or saved. */
const flattened = new WeakMap<Layout, readonly Column[]>();

/** The fields of a layout in a fixed order, parts flattened; refuses lengths below 1 and names that could be mistaken. */
export function columns(layout: Layout): readonly Column[] {
  const known = flattened.get(layout) ?? flatten(layout, '');
  flattened.set(layout, known);
  return known;
}

function flatten(layout: Layout, prefix: string): Column[] {
  return Object.entries(layout).flatMap(([name, part]) => {
    const path = prefix + name;
    // A dot joins parts, and paths are the column names of a table: two fields must never come to share one.
    if (!/^[^.:\s]+$/.test(name) || reserved.includes(path)) {
      throw new RangeError(
        `layout field ${JSON.stringify(path)}: expected a name without dots, colons and spaces ` +
          `that is not ${reserved.join(' or ')}: choose another`,
      );
    }
    if (!isField(part)) return flatten(part, `${path}.`);
    if (!Object.hasOwn(bytesOf, part.of)) {
      throw new RangeError(`layout field ${path}: expected one of ${Object.keys(bytesOf).join(', ')}, got ${part.of}`);
    }
    if (!Number.isInteger(part.length) || part.length < 1) {
      throw new RangeError(`layout field ${path}: expected a length of at least 1, got ${part.length}`);
    }
    return [{ path, of: part.of, length: part.length }];
  });
}

/** Bytes of one scalar. */
export const scalarBytes = (of: Scalar): number => bytesOf[of];

/** Bytes of one row. */
export function rowBytes(layout: Layout): number {
  return columns(layout).reduce((sum, column) => sum + bytesOf[column.of] * column.length, 0);
}

/** The layout as text, one field a line: what errors print and what two layouts are compared by. */
export function describe(layout: Layout): string {
  return columns(layout)
    .map(({ path, of, length }) => `${path}: ${of}[${length}]`)
    .join('\n');
}

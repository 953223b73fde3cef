import { isField, type Layout, type Row } from '../../../state/layout.js';

const arrays = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  u8: Uint8Array,
};

/** A row of state that belongs to nobody. */
export function rowOf<L extends Layout>(layout: L): Row<L> {
  return Object.fromEntries(
    Object.entries(layout).map(([name, part]) => [
      name,
      isField(part) ? new arrays[part.of](part.length) : rowOf(part as Layout),
    ]),
  ) as Row<L>;
}

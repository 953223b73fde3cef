import { type Data, Type } from 'apache-arrow';
import { Damage } from './messages.js';

/** Refuses a column whose buffers are too short for its rows, or whose offsets lead outside. */
export function verify(data: Data, rows: number, name: string): void {
  const wrong = (what: string): never => {
    throw new Damage(`column "${name}": expected ${what} for ${rows} rows: the data is damaged`);
  };
  const { type, length, values, valueOffsets, nullBitmap } = data;
  if (length < rows) wrong('as many values');
  if (data.nullCount > 0 && nullBitmap && nullBitmap.length * 8 < length) wrong('a bit of validity');
  if (type.typeId === Type.Utf8 || type.typeId === Type.LargeUtf8) {
    const offsets = valueOffsets as ArrayLike<number | bigint>;
    if (length > 0 && offsets.length < length + 1) wrong('an offset');
    for (let i = 0; i < length; i++) if (offsets[i] > offsets[i + 1]) wrong('ascending offsets');
    if (length > 0 && (offsets[0] < 0 || offsets[length] > values.length)) wrong('offsets inside the text');
  } else if (type.typeId === Type.Bool) {
    if (values.length * 8 < length) wrong('a bit');
  } else if (ArrayBuffer.isView(values) && 'length' in values) {
    const stride = (values as Uint8Array).length / Math.max(1, length);
    if (length > 0 && stride < 1) wrong('a value');
    const entries = data.dictionary?.length;
    if (entries !== undefined) {
      const indices = values as unknown as ArrayLike<number | bigint>;
      for (let i = 0; i < length; i++) {
        if (data.getValid(i) && !(indices[i] >= 0 && indices[i] < entries)) wrong('indices inside the dictionary');
      }
    }
  }
}

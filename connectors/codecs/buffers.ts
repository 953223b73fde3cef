/** Bits in Arrow's order, one per cell. */
export function flagBits(cells: readonly unknown[], length: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) if (cells[i]) bits[i >> 3] |= 1 << (i & 7);
  return bits;
}

/** Integers of 64 bits. */
export const wholes = (cells: readonly unknown[], length: number): BigInt64Array =>
  BigInt64Array.from({ length }, (_, i) => BigInt(cells[i] as number));

/** Numbers of 64 bits; what is NaN is null, with zero bytes below it, because bytes must not depend on which NaN it was. */
export function realBuffers(
  cells: readonly number[],
  length: number,
): { data: Float64Array; nullCount: number; nullBitmap?: Uint8Array } {
  const data = Float64Array.from(cells.slice(0, length));
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (Number.isNaN(data[i])) {
      data[i] = 0;
      nullCount++;
    } else nullBitmap[i >> 3] |= 1 << (i & 7);
  }
  return nullCount > 0 ? { data, nullCount, nullBitmap } : { data, nullCount };
}

/** Texts end to end in UTF-8, and where each begins. */
export function textBuffers(cells: readonly string[], length: number): { valueOffsets: Int32Array; data: Uint8Array } {
  const parts: Buffer[] = [];
  const valueOffsets = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) {
    parts.push(Buffer.from(cells[i]));
    valueOffsets[i + 1] = valueOffsets[i] + parts[i].length;
  }
  return { valueOffsets, data: Uint8Array.from(Buffer.concat(parts)) };
}

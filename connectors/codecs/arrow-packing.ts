import { decompressZstd } from 'hyparquet-compressors';
import { Damage } from './messages.js';
import { optionalPackage } from './package.js';

/** A column that unpacks to more is refused: a few bytes may stand for gigabytes. */
export const unpackedBytesMax = 256 * 2 ** 20;

/** Unpacks a column packed with zstd, whose frame says how long it is. */
export function unpackZstd(packed: Uint8Array): Uint8Array {
  const bytes = zstdLength(packed);
  if (bytes === undefined) throw new Damage('expected a zstd frame that says how long it is');
  if (bytes > unpackedBytesMax) throw tooLong(bytes);
  // Copied, because columns must begin where typed arrays may.
  return new Uint8Array(decompressZstd(packed));
}

/** Unpacks a column packed with LZ4, by native code that not every machine has. */
export function unpackLz4(packed: Uint8Array): Uint8Array {
  const { decompressFrameSync } = optionalPackage<typeof import('lz4-napi')>(
    'lz4-napi',
    'Arrow columns packed with LZ4',
  );
  const bytes = lz4Length(packed);
  if (bytes !== undefined && bytes > unpackedBytesMax) throw tooLong(bytes);
  return new Uint8Array(decompressFrameSync(Buffer.from(packed)));
}

const tooLong = (bytes: number): Damage =>
  new Damage(`expected a column of at most ${unpackedBytesMax} bytes, it unpacks to ${bytes}`);

/** Content size in the header of a zstd frame (RFC 8878, 3.1.1.1); undefined where it has none, or is no frame. */
function zstdLength(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 6 || view.getUint32(0, true) !== 0xfd2fb528) return undefined;
  const descriptor = frame[4];
  const single = (descriptor & 0x20) !== 0;
  const width = [single ? 1 : 0, 2, 4, 8][descriptor >> 6];
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  if (width === 0 || frame.length < at + width) return undefined;
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true) + 256;
  return width === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Content size in the header of an LZ4 frame; undefined where it has none. */
function lz4Length(frame: Uint8Array): number | undefined {
  if (frame.length < 14 || (frame[4] & 0x08) === 0) return undefined;
  return Number(new DataView(frame.buffer, frame.byteOffset).getBigUint64(6, true));
}

import * as zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { optionalPackage } from '../codecs/package.js';
import type { Compression } from './compression-names.js';
import type { Packing } from './record-batch.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** A batch that unpacks to more than this is refused: a few bytes may stand for gigabytes. */
export const unpackedBytesMax = 256 * 2 ** 20;

/** How batches are packed that we write ourselves; undefined where they are not. */
export function packingOf(name: Compression): Packing | undefined {
  if (name === 'none') return undefined;
  const codec = codecs[name]();
  return { type: compressionType(name), pack: (bytes) => codec.pack(bytes) };
}

/** kafkajs' number for a way of packing. */
export function compressionType(name: Compression): kafkajs.CompressionTypes {
  return {
    none: CompressionTypes.None,
    gzip: CompressionTypes.GZIP,
    snappy: CompressionTypes.Snappy,
    lz4: CompressionTypes.LZ4,
    zstd: CompressionTypes.ZSTD,
  }[name];
}

interface Codec {
  pack(bytes: Buffer): Promise<Buffer>;
  unpack(bytes: Buffer): Promise<Buffer>;
}

/** Gives kafkajs, which brings gzip only, the other three ways of packing; each is loaded when a batch needs it. */
export function useCodecs(): void {
  for (const name of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    let codec: Codec | undefined;
    const get = (): Codec => {
      codec ??= codecs[name]();
      return codec;
    };
    (CompressionCodecs as Record<number, unknown>)[compressionType(name)] = () => ({
      compress: ({ buffer }: { buffer: Buffer }) => get().pack(buffer),
      decompress: async (bytes: Buffer) => bounded(await get().unpack(bytes)),
    });
  }
}

function bounded(bytes: Buffer): Buffer {
  if (bytes.length > unpackedBytesMax) {
    throw new RangeError(`a batch unpacks to ${bytes.length} bytes, the limit is ${unpackedBytesMax}`);
  }
  return bytes;
}

const need = <T>(name: string, by: string): T => optionalPackage<T>(name, `batches packed with ${by}`);

const codecs = { gzip, snappy, lz4, zstd };

function gzip(): Codec {
  return {
    pack: async (bytes) => zlib.gzipSync(bytes),
    unpack: async (bytes) => zlib.gunzipSync(bytes, { maxOutputLength: unpackedBytesMax }),
  };
}

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

function snappy(): Codec {
  const { compressSync, uncompressSync } = need<typeof import('snappy')>('snappy', 'snappy');
  const one = (chunk: Buffer): Buffer => {
    bounded({ length: snappyLength(chunk) } as Buffer);
    return uncompressSync(chunk) as Buffer;
  };
  return {
    pack: async (bytes) => compressSync(bytes),
    async unpack(bytes) {
      if (!bytes.subarray(0, 8).equals(xerialMagic)) return one(bytes);
      // Java's framing: magic, two versions, then chunks with their lengths.
      const chunks: Buffer[] = [];
      let total = 0;
      for (let at = 16; at < bytes.length; ) {
        const length = bytes.readInt32BE(at);
        const chunk = one(bytes.subarray(at + 4, at + 4 + length));
        total += chunk.length;
        bounded({ length: total } as Buffer);
        chunks.push(chunk);
        at += 4 + length;
      }
      return Buffer.concat(chunks);
    },
  };
}

/** The unpacked length that stands at the head of a snappy block, a little-endian varint. */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let i = 0; i < 5 && i < block.length; i++) {
    length += (block[i] & 0x7f) * 2 ** (7 * i);
    if (block[i] < 0x80) break;
  }
  return length;
}

function lz4(): Codec {
  const { compressFrameSync, decompressFrameSync } = need<typeof import('lz4-napi')>('lz4-napi', 'lz4');
  return {
    pack: async (bytes) => compressFrameSync(bytes),
    unpack: async (bytes) => decompressFrameSync(bytes),
  };
}

/** The four zstd functions, from Node where it has them (22.15), else from WebAssembly. */
function zstd(): Codec {
  const native = zlib as unknown as {
    zstdCompressSync?: (bytes: Buffer) => Buffer;
    zstdDecompressSync?: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;
  };
  const { zstdCompressSync: pack, zstdDecompressSync: unpack } = native;
  if (pack && unpack) {
    return {
      pack: async (bytes) => pack(bytes),
      unpack: async (bytes) => unpack(bytes, { maxOutputLength: unpackedBytesMax }),
    };
  }
  const wasm = need<typeof import('@bokuweb/zstd-wasm')>('@bokuweb/zstd-wasm', 'zstd');
  const ready = wasm.init();
  return {
    async pack(bytes) {
      await ready;
      return Buffer.from(wasm.compress(bytes, 3));
    },
    async unpack(bytes) {
      await ready;
      // Frames written as a stream, as Java does, do not tell their size: try more until it fits.
      for (let size = Math.max(2 ** 20, bytes.length * 4); ; size *= 4) {
        try {
          return Buffer.from(wasm.decompress(bytes, { defaultHeapSize: Math.min(size, unpackedBytesMax) }));
        } catch (error) {
          if (size >= unpackedBytesMax) throw error;
        }
      }
    },
  };
}

import * as wasm from '@bokuweb/zstd-wasm';
import { compressFrameSync } from 'lz4-napi';
import { expect, test } from 'vitest';
import { unpackedBytesMax, unpackLz4, unpackZstd } from '../../../connectors/codecs/arrow-packing.js';
import { Damage } from '../../../connectors/codecs/messages.js';

const text = Buffer.from('a column of numbers, a column of numbers, a column of names');

// Once: the package breaks when it is made ready again.
await wasm.init();

test.each([1, 200, 300, 70_000])('%i bytes packed by zstd and by LZ4 come back', (size) => {
  const bytes = Buffer.alloc(size, text);
  expect(Buffer.from(unpackZstd(wasm.compress(bytes, 3))).equals(bytes)).toBe(true);
  expect(Buffer.from(unpackLz4(compressFrameSync(bytes))).equals(bytes)).toBe(true);
});

test('what is no frame, and a frame that stands for gigabytes, is damage', () => {
  expect(() => unpackZstd(text)).toThrow(Damage);
  // Magic, eight bytes of content size, and nothing behind it.
  const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0]);
  zstd.writeBigUInt64LE(BigInt(unpackedBytesMax) + 1n, 5);
  expect(() => unpackZstd(zstd)).toThrow(/it unpacks to 268435457/);
  const lz4 = Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x68, 0x40]), Buffer.alloc(9)]);
  lz4.writeBigUInt64LE(2n ** 40n, 6);
  expect(() => unpackLz4(lz4)).toThrow(/it unpacks to 1099511627776/);
});

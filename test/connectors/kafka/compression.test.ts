import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { compressionType, useCodecs } from '../../../connectors/kafka/compression.js';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}
const codecOf = (name: 'gzip' | 'snappy' | 'lz4' | 'zstd'): Codec => {
  useCodecs();
  return (kafkajs.CompressionCodecs as unknown as Record<number, () => Codec>)[compressionType(name)]();
};
const text = Buffer.from('two words, '.repeat(5000));

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s packs and unpacks', async (name) => {
  const codec = codecOf(name);
  const packed = await codec.compress({ buffer: text });
  expect(packed.length).toBeLessThan(text.length / 5);
  expect((await codec.decompress(packed)).equals(text)).toBe(true);
});

test('snappy in the framing of Java', async () => {
  const codec = codecOf('snappy');
  const halves = [text.subarray(0, 20_000), text.subarray(20_000)];
  const chunks = await Promise.all(
    halves.map(async (half) => {
      const packed = await codec.compress({ buffer: half });
      const length = Buffer.alloc(4);
      length.writeInt32BE(packed.length);
      return Buffer.concat([length, packed]);
    }),
  );
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  expect((await codec.decompress(Buffer.concat([head, ...chunks]))).equals(text)).toBe(true);
});

test('a zstd frame that does not tell its size, as streams write it', async () => {
  // zstd of 3,000,000 zeros with the content size left out of the header: raw frame, run-length blocks of 128 KiB.
  const blocks: Buffer[] = [];
  for (let left = 3_000_000; left > 0; left -= 131_072) {
    const size = Math.min(left, 131_072);
    const header = (size << 3) | (1 << 1) | (left <= 131_072 ? 1 : 0);
    blocks.push(Buffer.from([header & 255, (header >> 8) & 255, (header >> 16) & 255, 0]));
  }
  const frame = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]), ...blocks]);
  const unpacked = await codecOf('zstd').decompress(frame);
  expect(unpacked.length).toBe(3_000_000);
  expect(unpacked.every((byte) => byte === 0)).toBe(true);
});

test('a few bytes that claim to be gigabytes are refused', async () => {
  const varint = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0]);
  await expect(codecOf('snappy').decompress(varint)).rejects.toThrow(/the limit is/);
});

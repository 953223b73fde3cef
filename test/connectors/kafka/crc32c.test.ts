import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { crc32c } from '../../../connectors/kafka/crc32c.js';
import { dice } from '../../chaos/kafka-chaos.js';

test('the check values of the standard (RFC 3720, B.4)', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).toBe(0x46dd794e);
});

test('of any stretch of any bytes it is what kafkajs finds', () => {
  const theirs = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;
  const random = dice(7);
  const bytes = Buffer.from(Array.from({ length: 300 }, () => Math.floor(random() * 256)));
  for (let i = 0; i < 200; i++) {
    const from = Math.floor(random() * bytes.length);
    const to = from + Math.floor(random() * (bytes.length - from + 1));
    expect([from, to, crc32c(bytes, from, to)]).toEqual([from, to, theirs(bytes.subarray(from, to))]);
  }
});

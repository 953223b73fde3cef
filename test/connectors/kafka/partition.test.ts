import { expect, test } from 'vitest';
import { partitionOfKey } from '../../../connectors/kafka/partition.js';

test("partitions are those of Java's clients", () => {
  const of = partitionOfKey('t', 8);
  // org.apache.kafka.common.utils.Utils.toPositive(Utils.murmur2(key)) % 8
  expect([of('21'), of('foobar'), of(Buffer.from('a-little-bit-long-string'))]).toEqual([
    toPositive(-973932308) % 8,
    toPositive(-790332482) % 8,
    toPositive(-985981536) % 8,
  ]);
  expect(of(null)).toBe(0);
});

const toPositive = (hash: number): number => hash & 0x7fffffff;

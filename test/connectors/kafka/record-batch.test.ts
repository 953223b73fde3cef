import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Headers } from '../../../connectors/kafka/record.js';
import { afterSequence, RecordBatch } from '../../../connectors/kafka/record-batch.js';

const load = createRequire(import.meta.url);
interface Row {
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers: Headers;
}
const { RecordBatch: theirBatch } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(of: object): Promise<{ buffer: Buffer }>;
};
const theirRecord = load('kafkajs/src/protocol/recordBatch/record/v0') as (of: object) => object;

/** What kafkajs makes of the same rows: its own format is tried by years of use, only slow. */
async function theirs(
  rows: readonly Row[],
  stamp: { producerId: bigint; producerEpoch: number; firstSequence: number },
) {
  const batch = await theirBatch({
    ...stamp,
    producerId: stamp.producerId.toString(),
    ...{ firstTimestamp: 1e12, maxTimestamp: 1e12, transactional: true, partitionLeaderEpoch: -1 },
    lastOffsetDelta: rows.length - 1,
    records: rows.map((row, i) => theirRecord({ ...row, offsetDelta: i, timestampDelta: 0 })),
  });
  return batch.buffer;
}

const part = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 300 }).map(Buffer.from),
);
const header = fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 3 }), fc.constant(Buffer.from([0, 255])));
const row: fc.Arbitrary<Row> = fc.record({
  key: part,
  value: part,
  headers: fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    header,
    { maxKeys: 4 },
  ),
});

test('rows of every kind give the bytes kafkajs gives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
      const stamp = { producerId: 2n ** 40n + 7n, producerEpoch: 3, firstSequence: 2 ** 31 - 2 };
      const batch = new RecordBatch(1e12, 64);
      for (const one of rows) batch.add(one);
      expect(batch.count).toBe(rows.length);
      const bytes = await batch.bytes({ ...stamp, transactional: true });
      expect(bytes.equals(await theirs(rows, stamp))).toBe(true);
    }),
    { seed: 20261120, numRuns: 150 },
  );
});

test('offsets and lengths of every width', async () => {
  const rows = Array.from({ length: 9000 }, (_, i) => ({
    ...{ key: `${i}`, value: 'x'.repeat(i % 130), headers: i % 3 ? {} : { a: 'b' } },
  }));
  const stamp = { producerId: 1n, producerEpoch: 0, firstSequence: 0 };
  const batch = new RecordBatch(1e12);
  for (const one of rows) batch.add(one);
  const bytes = await batch.bytes({ ...stamp, transactional: true });
  expect(bytes.equals(await theirs(rows, stamp))).toBe(true);
});

test('encoded a second time, for a retry, it is the same', async () => {
  const batch = new RecordBatch(1e12);
  batch.add({ key: 'k', value: 'v' });
  const stamp = { producerId: 1n, producerEpoch: 0, firstSequence: 0, transactional: false };
  const packing = { type: 1, pack: async (bytes: Buffer) => Buffer.concat([Buffer.from('packed'), bytes]) };
  const once = Buffer.from(await batch.bytes(stamp, packing));
  expect(once.subarray(61, 67).toString()).toBe('packed');
  expect(once.readInt16BE(21)).toBe(1);
  expect((await batch.bytes(stamp, packing)).equals(once)).toBe(true);
});

test('sequence numbers begin again at 0 after 2^31 - 1', () => {
  expect(afterSequence(2 ** 31 - 2, 1)).toBe(2 ** 31 - 1);
  expect(afterSequence(2 ** 31 - 2, 2)).toBe(0);
  expect(afterSequence(2 ** 31 - 1, 5)).toBe(4);
});

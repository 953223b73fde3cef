import {
  CompressionType,
  compressionRegistry,
  Dictionary,
  Float64,
  Int32,
  Int64,
  RecordBatchStreamWriter,
  Table,
  TimestampMillisecond,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { expect, test } from 'vitest';
import { arrowRecordCodec } from '../../../connectors/codecs/arrow-record.js';
import { RecordDecoder } from '../../../connectors/kafka/decode.js';
import type { KafkaRecord } from '../../../connectors/kafka/record.js';
import { type Event, placeOf, recordOf, recordRowsMax } from '../../../event.js';
import { chance } from '../../chance.js';

const start = Date.UTC(2024, 0, 1);
const tableOf = (rows: number): Table =>
  new Table({
    at: vectorFromArray(
      Array.from({ length: rows }, (_, i) => start + i * 1000),
      new TimestampMillisecond('UTC'),
    ),
    name: vectorFromArray(
      Array.from({ length: rows }, (_, i) => `pump-${i % 2}`),
      new Dictionary(new Utf8(), new Int32()),
    ),
    v: vectorFromArray(
      Array.from({ length: rows }, (_, i) => (i === 3 ? null : i / 2)),
      new Float64(),
    ),
    n: vectorFromArray(
      Array.from({ length: rows }, (_, i) => BigInt(i)),
      new Int64(),
    ),
  });
const streamOf = (rows: number): Buffer => Buffer.from(tableToIPC(tableOf(rows), 'stream'));
const record = (value: Buffer, offset = 7): KafkaRecord => ({
  ...{ offset, key: Buffer.from('k'), value, headers: {}, timestampMs: 5 },
});
const decoder = new RecordDecoder(arrowRecordCodec(), { values: ['v', 'n'], time: 'at', key: 'name' }, 'in-0');
const decode = (value: Buffer, offset?: number) => {
  const rows: Event[] = [];
  const other = decoder.decodeInto(rows, record(value, offset));
  return other ?? rows;
};

test('one record is a row or several, each an event of its own place', () => {
  expect(decode(streamOf(1))).toEqual([{ key: 'pump-0', timeMs: start, values: [0, 0], offset: 7 }]);
  const rows = decode(streamOf(5), 2 ** 40) as Event[];
  expect(rows.map(({ offset }) => placeOf(offset))).toEqual(
    ['', '.1', '.2', '.3', '.4'].map((row) => `1099511627776${row}`),
  );
  expect(new Set(rows.map(({ offset }) => recordOf(offset)))).toEqual(new Set([2 ** 40]));
  expect(rows[3]).toMatchObject({ key: 'pump-1', timeMs: start + 3000, values: [Number.NaN, 3] });
});

test('time and key may be those of the record', () => {
  const rows: Event[] = [];
  new RecordDecoder(arrowRecordCodec(), { values: ['v'] }, 's').decodeInto(rows, record(streamOf(2)));
  expect(rows).toMatchObject([
    { key: 'k', timeMs: 5 },
    { key: 'k', timeMs: 5 },
  ]);
});

test('columns packed with LZ4 and zstd are read', async () => {
  decode(streamOf(1));
  const wasm = await import('@bokuweb/zstd-wasm');
  const { compressFrameSync } = await import('lz4-napi');
  await wasm.init();
  const packers = [
    [CompressionType.ZSTD, (bytes: Uint8Array) => wasm.compress(bytes, 3)],
    [CompressionType.LZ4_FRAME, (bytes: Uint8Array) => new Uint8Array(compressFrameSync(Buffer.from(bytes)))],
  ] as const;
  for (const [compressionType, encode] of packers) {
    compressionRegistry.set(compressionType, { ...compressionRegistry.get(compressionType), encode });
    const writer = new RecordBatchStreamWriter({ compressionType });
    writer.writeAll(tableOf(300));
    writer.finish();
    const packed = Buffer.from(writer.toUint8Array(true));
    expect(packed.length).toBeLessThan(streamOf(300).length);
    expect(decode(packed)).toEqual(decode(streamOf(300)));
  }
});

test.each<[string, Buffer, string, RegExp]>([
  ['nothing', Buffer.alloc(0), 'not-arrow', /the value is empty/],
  ['text', Buffer.from('{"v":1,"n":2,"at":"2024-01-01"}'), 'not-arrow', /expected/],
  ['a file', Buffer.from(tableToIPC(tableOf(2), 'file')), 'not-arrow', /came an Arrow file/],
  ['cut data', streamOf(5).subarray(0, -40), 'not-arrow', /the stream ends/],
  ['no rows', streamOf(0), 'no-rows', /at least one row/],
  ['too many rows', streamOf(recordRowsMax + 1), 'not-arrow', /at most 4096 rows.*4097/],
])('%s is refused: %s', (_, value, reason, why) => {
  const refused = decode(value) as { reason: string; message: string };
  expect(refused.reason).toMatch(new RegExp(`^(${reason}|no-rows)$`));
  expect(refused.message).toMatch(why);
});

test('a record with one bad row is refused as a whole, and the row is named', () => {
  const table = new Table({
    v: vectorFromArray(['1', 'high', '3'], new Utf8()),
    n: vectorFromArray([1, 2, 3], new Float64()),
    at: vectorFromArray(['2024-01-01', '2024-01-02', '2024-01-03'], new Utf8()),
    name: vectorFromArray(['a', 'a', 'a'], new Utf8()),
  });
  expect(decode(Buffer.from(tableToIPC(table, 'stream')))).toMatchObject({
    reason: 'not-a-number',
    message: expect.stringContaining('row 1 of 3: expected a number in "v"'),
  });
});

test('flipped bytes give events or a reason, never an exception', () => {
  const random = chance(4711);
  const good = streamOf(4);
  for (let i = 0; i < 2000; i++) {
    const bad = Buffer.from(good);
    for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) {
      bad[Math.floor(random() * bad.length)] = Math.floor(random() * 256);
    }
    const made = decode(bad);
    expect(Array.isArray(made) ? made.length > 0 : 'reason' in made && made.reason.length > 0).toBe(true);
  }
});

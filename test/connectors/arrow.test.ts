import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import * as wasm from '@bokuweb/zstd-wasm';
import {
  Bool,
  CompressionType,
  compressionRegistry,
  DateDay,
  Dictionary,
  Float32,
  Int32,
  Int64,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Table,
  TimestampMicrosecond,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { compressFrameSync } from 'lz4-napi';
import { expect, test } from 'vitest';
import { fileSource, streamSource } from '../../connectors/file.js';
import { chance } from '../chance.js';
import { brief, collect, folder } from './collect.js';

const at = folder();
const store = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(at, name), bytes);
  return join(at, name);
};

const times = Array.from({ length: 500 }, (_, i) => Date.UTC(2020, 0, 1) + i * 60_000);
const table = new Table({
  time: vectorFromArray(times, new TimestampMicrosecond('UTC')),
  name: vectorFromArray(
    times.map((_, i) => `k${i % 3}`),
    new Dictionary(new Utf8(), new Int32()),
  ),
  a: vectorFromArray(
    times.map((_, i) => (i % 10 === 3 ? null : i / 2)),
    new Float32(),
  ),
  b: vectorFromArray(
    times.map((_, i) => BigInt(i)),
    new Int64(),
  ),
  c: vectorFromArray(
    times.map((_, i) => i % 2 === 0),
    new Bool(),
  ),
});
const halves = table.batches.flatMap((batch) => [batch.slice(0, 200), batch.slice(200)]);
const stream = Buffer.from(RecordBatchStreamWriter.writeAll(halves).toUint8Array(true));
const wanted = times.map((timeMs, i) => ({
  key: `k${i % 3}`,
  timeMs,
  values: [i % 10 === 3 ? Number.NaN : i / 2, i, i % 2 === 0 ? 1 : 0],
  offset: i,
}));

test('a stream, a file, a gzip and standard input give the same events', async () => {
  const options = { key: 'name', shard: 's' };
  const sources = [
    fileSource(store('a.arrows', stream), options),
    fileSource(store('a.arrow', tableToIPC(table, 'file')), options),
    fileSource(store('a.arrow.gz', gzipSync(stream)), options),
    streamSource(Readable.from([stream.subarray(0, 1000), stream.subarray(1000)]), { ...options, format: 'arrow' }),
  ];
  for (const source of sources) {
    const { channels, rows, rejects, ends } = await collect(source);
    expect(channels).toEqual(['a', 'b', 'c']);
    expect(rows).toEqual(wanted);
    expect([rejects.length, ends]).toEqual([0, true]);
  }
});

test('resuming at any offset gives the rest', async () => {
  const path = store('b.arrow', stream);
  for (const from of [0, 1, 199, 200, 201, 499, 500]) {
    expect((await collect(fileSource(path, { key: 'name' }), from)).rows).toEqual(wanted.slice(from));
  }
  expect((await collect(fileSource(path, { key: 'name' }), 501)).error?.message).toContain(
    'expected at least 501 rows',
  );
});

test('dates and numbers of seconds are times', async () => {
  const days = new Table({
    date: vectorFromArray([new Date(86_400_000)], new DateDay()),
    v: vectorFromArray([1], new Float32()),
  });
  expect((await collect(fileSource(store('days.arrow', tableToIPC(days, 'stream'))))).rows[0].timeMs).toBe(86_400_000);
  const seconds = new Table({
    time: vectorFromArray([1_500_000_000n], new Int64()),
    v: vectorFromArray([1], new Float32()),
  });
  expect((await collect(fileSource(store('seconds.arrow', tableToIPC(seconds, 'stream'))))).rows[0].timeMs).toBe(
    1.5e12,
  );
});

test('a stream that is cut gives the batches before, a reject and an error, and does not end', async () => {
  const { rows, rejects, ends, error, batches } = await collect(
    fileSource(store('cut.arrow', stream.subarray(0, stream.length - 20)), { key: 'name' }),
  );
  expect(rows).toEqual(wanted.slice(0, 200));
  expect(brief(rejects)).toEqual(['cut@200']);
  expect(batches.at(-1)?.next).toBe(200);
  expect(ends).toBe(false);
  expect(error?.message).toMatch(/cut\.arrow: expected \d+ bytes of data at byte \d+, the input ends/);
});

test('no damage crashes it: rows, rejects or an error that says what was expected', async () => {
  const random = chance(3);
  for (let i = 0; i < 400; i++) {
    const bad = Buffer.from(stream);
    const flips = 1 + Math.floor(random() * 3);
    for (let f = 0; f < flips; f++) bad[Math.floor(random() * bad.length)] = Math.floor(random() * 256);
    const outcome = await collect(streamSource(Readable.from([bad]), { format: 'arrow', key: 'name' })).catch(
      (error: Error) => error,
    );
    const error = outcome instanceof Error ? outcome : outcome.error;
    if (error) expect(error.message).toMatch(/expected|there is no column/);
    else expect((outcome as { ends: boolean }).ends).toBe(true);
  }
  for (let i = 0; i < 200; i++) {
    const noise = Buffer.from(Array.from({ length: Math.floor(random() * 100) }, () => Math.floor(random() * 256)));
    await expect(collect(streamSource(Readable.from([noise]), { format: 'arrow' }))).rejects.toThrow(/expected/);
  }
});

test('files and streams whose columns are packed with LZ4 or zstd are read like any other', async () => {
  await collect(fileSource(store('plain.arrow', stream), { key: 'name' }));
  await wasm.init();
  const packers = [
    [CompressionType.ZSTD, (bytes: Uint8Array) => wasm.compress(bytes, 3)],
    [CompressionType.LZ4_FRAME, (bytes: Uint8Array) => new Uint8Array(compressFrameSync(Buffer.from(bytes)))],
  ] as const;
  for (const [compressionType, encode] of packers) {
    // Decoding is the product's own, which has registered itself; writing is for this test alone.
    compressionRegistry.set(compressionType, { ...compressionRegistry.get(compressionType), encode });
    for (const Writer of [RecordBatchStreamWriter, RecordBatchFileWriter]) {
      const writer = new Writer({ compressionType });
      for (const batch of halves) writer.write(batch);
      writer.finish();
      const bytes = Buffer.from(writer.toUint8Array(true));
      expect(bytes.length).toBeLessThan(stream.length);
      const { rows } = await collect(fileSource(store('packed.arrow', bytes), { key: 'name' }));
      expect(rows).toEqual(wanted);
    }
  }
});

import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { encodeResult } from '../../connectors/encode.js';
import { ndjsonSink, streamSink } from '../../connectors/ndjson-sink.js';
import { folder } from './collect.js';
import { results } from './results.js';

const at = folder();
const rows = results(20);

test('a line a row, gone on with from a mark as if nothing had happened after it', async () => {
  const path = join(at, 'deep/er/out.ndjson');
  const calm = ndjsonSink(path, encodeResult('s'));
  await calm.open(undefined);
  await calm.write(rows);
  await calm.close(true);
  const whole = readFileSync(path, 'utf8');
  expect(whole.split('\n')).toHaveLength(21);
  for (let cut = 0; cut <= rows.length; cut += 3) {
    const first = ndjsonSink(path, encodeResult('s'));
    await first.open(undefined);
    await first.write(rows.slice(0, cut));
    const mark = await first.flush();
    await first.write(rows.slice(cut, cut + 2));
    await first.close(false);
    // The process dies; the last write may be torn.
    appendFileSync(path, '{"id":"s@');
    const second = ndjsonSink(path, encodeResult('s'));
    await second.open(mark);
    await second.write([]);
    await second.write(rows.slice(cut));
    await second.close(true);
    expect(readFileSync(path, 'utf8')).toBe(whole);
  }
});

test('an output that is shorter than its mark is refused', async () => {
  const path = join(at, 'short.ndjson');
  const sink = ndjsonSink(path, encodeResult('s'));
  await sink.open(undefined);
  await sink.write(rows);
  const mark = await sink.flush();
  await sink.close(false);
  truncateSync(path, 5);
  await expect(ndjsonSink(path, encodeResult('s')).open(mark)).rejects.toThrow(
    /expected at least \d+ bytes.*found 5.*start fresh/,
  );
});

test('a place that cannot be written is named', async () => {
  await expect(ndjsonSink(at, encodeResult('s')).open(undefined)).rejects.toThrow('cannot be written');
});

test('a stream gets the same lines, one write at a time', async () => {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      setTimeout(done, 1);
    },
  });
  const sink = streamSink(encodeResult('s'), stream);
  await sink.open(undefined);
  await sink.write(rows.slice(0, 2));
  expect(written).toHaveLength(1);
  await sink.write(rows.slice(2, 3));
  expect(await sink.flush()).toBe(Buffer.byteLength(written.join('')));
  expect(written.join('').split('\n')).toHaveLength(4);
});

test('a stream that is gone is an error of the write', async () => {
  const stream = new Writable({ write: (_chunk, _, done) => done(new Error('EPIPE')) });
  stream.on('error', () => {});
  const sink = streamSink(encodeResult('s'), stream);
  await expect(sink.write(rows)).rejects.toThrow('EPIPE');
});

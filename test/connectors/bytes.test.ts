import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { CutInput, fileInput, type Input, streamInput, textOf } from '../../connectors/bytes.js';
import { chance } from '../chance.js';
import { folder } from './collect.js';

const at = folder();
const file = (name: string, bytes: Uint8Array | string): Input => {
  writeFileSync(join(at, name), bytes);
  return fileInput(join(at, name));
};

/** What an input gives before it ends or fails. */
async function drain(input: Input): Promise<{ bytes: Buffer; error: Error | undefined }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of input.bytes()) chunks.push(chunk.slice());
    return { bytes: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error: error as Error };
  }
}

const random = chance(7);
const noise = Buffer.from(Array.from({ length: 400_000 }, () => 97 + Math.floor(random() * 16)));

test('a file and its gzip give the same bytes, several gzips in one file too', async () => {
  expect((await drain(file('plain.csv', noise))).bytes.equals(noise)).toBe(true);
  expect((await drain(file('packed.csv.gz', gzipSync(noise)))).bytes.equals(noise)).toBe(true);
  const two = Buffer.concat([gzipSync(noise.subarray(0, 1000)), gzipSync(noise.subarray(1000))]);
  expect((await drain(file('two.gz', two))).bytes.equals(noise)).toBe(true);
  expect((await drain(file('one', 'a'))).bytes.toString()).toBe('a');
  expect((await drain(file('none', ''))).bytes.toString()).toBe('');
});

test('a gzip that is cut anywhere gives what could be unpacked, then an error, and the same every time', async () => {
  const packed = gzipSync(noise);
  for (const end of [2, 9, 10, 11, 1000, 65_536, 70_000, packed.length - 9, packed.length - 8, packed.length - 1]) {
    const input = file('cut.gz', packed.subarray(0, end));
    const { bytes, error } = await drain(input);
    expect(error).toBeInstanceOf(CutInput);
    expect(error?.message).toContain(`it breaks at byte ${end}`);
    expect(bytes.equals(noise.subarray(0, bytes.length))).toBe(true);
    if (end === 70_000) expect(bytes.length).toBeGreaterThan(100_000);
    expect((await drain(input)).bytes.length).toBe(bytes.length);
  }
});

test('a gzip with a flipped bit is an error, not other data', async () => {
  const packed = gzipSync(noise);
  for (let i = 0; i < 40; i++) {
    const bad = Buffer.from(packed);
    bad[18 + Math.floor(random() * (bad.length - 18))] ^= 1 << Math.floor(random() * 8);
    expect((await drain(file('flipped.gz', bad))).error).toBeInstanceOf(CutInput);
  }
});

test('what is no file is named', async () => {
  file('taxi.csv', 'a');
  mkdirSync(join(at, 'sub'));
  expect((await drain(fileInput(join(at, 'tax.csv')))).error?.message).toContain(
    'there is none (did you mean "taxi.csv"?)',
  );
  expect((await drain(fileInput(join(at, 'sub')))).error?.message).toContain('it is a folder');
  writeFileSync(join(at, 'plain.csv'), 'a\n1\n');
  const below = join(at, 'plain.csv', 'x.csv');
  expect((await drain(fileInput(below))).error?.message).toMatch(/x\.csv: cannot be read: ENOTDIR/);
});

test('a stream may be looked at once and read once', async () => {
  const input = streamInput('stdin', Readable.from([Buffer.from('ab'), 'cd', Buffer.from('ef')]));
  for await (const chunk of input.bytes()) {
    expect(Buffer.from(chunk).toString()).toBe('ab');
    break;
  }
  expect((await drain(input)).bytes.toString()).toBe('abcdef');
  expect((await drain(input)).error?.message).toContain('can be read only once');
});

test('stopping ends a stream that waits', async () => {
  const stop = new AbortController();
  const stream = new Readable({ read() {} });
  stream.push('ab');
  const input = streamInput('stdin', stream);
  for await (const _ of input.bytes()) break;
  const seen: string[] = [];
  setTimeout(() => stop.abort(), 20);
  for await (const chunk of input.bytes(stop.signal)) seen.push(Buffer.from(chunk).toString());
  expect(seen).toEqual(['ab']);
});

test('text keeps characters that lie across chunks and drops the byte order mark', async () => {
  const bytes = Buffer.from('\ufeffé\u{1f600}\ufeff');
  let text = '';
  for await (const piece of textOf(streamInput('s', Readable.from([...bytes].map((b) => Buffer.from([b]))))))
    text += piece;
  expect(text).toBe('é\u{1f600}\ufeff');
});

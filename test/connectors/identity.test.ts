import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type FileOptions, fileSource, streamSource } from '../../connectors/file.js';
import { log } from '../../connectors/log.js';
import { folder } from './collect.js';

const at = folder();
let made = 0;
/** The identity of a text that is stored under a name of its own. */
async function identity(text: string | Uint8Array, options: FileOptions = {}, ending = 'csv'): Promise<string> {
  const path = join(at, `${made++}.${ending}`);
  writeFileSync(path, text);
  return (await fileSource(path, options).open()).identity as string;
}

const header = 'time,machine,flow,speed\n';
const rows = '2024-01-01,a,1,5\n2024-01-02,a,2,6\n';
const plain = await identity(header + rows);

test('it says in words what the rows hang on', () =>
  expect(plain).toMatch(
    /^csv, delimiter ",", skipRows 0; time time as iso, zone 0 min; no key; values flow, speed; header and first row [0-9a-f]{16}$/,
  ));

test('a log that has grown, was moved, was packed, or comes through a pipe is the same', async () => {
  expect(await identity(`${header + rows}2024-01-03,b,3,7\n`)).toBe(plain);
  expect(await identity(header + rows.split('\n')[0])).toBe(plain);
  expect(await identity(gzipSync(header + rows), {}, 'csv.gz')).toBe(plain);
  const moved = join(at, 'elsewhere');
  mkdirSync(moved);
  writeFileSync(join(at, 'was.csv'), header + rows);
  renameSync(join(at, 'was.csv'), join(moved, 'is.csv'));
  expect((await fileSource(join(moved, 'is.csv')).open()).identity).toBe(plain);
  const piped = streamSource(Readable.from([Buffer.from(header + rows)]));
  expect((await piped.open()).identity).toBe(plain);
  // What was taken by itself may also be named.
  expect(await identity(header + rows, { time: 'time', values: ['flow', 'speed'], timeFormat: 'iso', zone: 'Z' })).toBe(
    plain,
  );
});

test.each<[string, string, FileOptions]>([
  ['another first row', header + rows.replace('a,1', 'a,9'), {}],
  ['another value in a column that is not looked at', header + rows.replace('a,1', 'b,1'), {}],
  ['another header', header.replace('machine', 'engine') + rows, {}],
  ['another key', header + rows, { key: 'machine' }],
  ['other values', header + rows, { values: ['flow'] }],
  ['values in another order', header + rows, { values: ['speed', 'flow'] }],
  ['another zone', header + rows, { zone: '+02:00' }],
  ['a step instead of times', header + rows, { step: 1000, values: ['flow', 'speed'] }],
  ['rows passed over', header + rows, { skipRows: 1 }],
  ['another delimiter', (header + rows).replaceAll(',', ';'), {}],
])('%s is another log', async (_, text, options) => expect(await identity(text, options)).not.toBe(plain));

test('two ways to write times are two logs', async () => {
  const text = 'time,v\n01/02/2024,1\n';
  expect(await identity(text, { timeFormat: 'dmy' })).not.toBe(await identity(text, { timeFormat: 'mdy' }));
});

test('lines of JSON have one too, the same after they have grown; a log in memory has none', async () => {
  const line = '{"time":1700000000,"v":1,"id":12345678901234567890}\n';
  const one = await identity(line, {}, 'ndjson');
  expect(one).toMatch(/^ndjson; time time as epoch-s/);
  expect(await identity(`${line}{"time":1700000001,"w":2}\n`, {}, 'ndjson')).toBe(one);
  expect(await identity(line.replace('"v":1', '"v":2'), {}, 'ndjson')).not.toBe(one);
  expect(await log([1]).open()).not.toHaveProperty('identity');
});

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fileSource, formatOfPath, stem, streamSource } from '../../connectors/file.js';
import { brief, collect, folder } from './collect.js';

const at = folder();
const data = '../shared/data';

test.each([
  ['a.csv', 'csv'],
  ['a.b.tsv', 'csv'],
  ['x/a.NDJSON', 'ndjson'],
  ['a.jsonl.gz', 'ndjson'],
  ['a.feather', 'arrow'],
  ['a.parquet', 'parquet'],
])('%s is %s', (path, format) => {
  expect(formatOfPath(path)).toBe(format);
});

test('other names are refused with the nearest ending', () => {
  expect(() => fileSource('a.cvs')).toThrow('a.cvs: expected a name that ends with .csv');
  expect(() => fileSource('a.cvs')).toThrow('did you mean "csv"');
  expect(() => fileSource('a')).toThrow('or name the format (--format)');
  expect(() => fileSource('a.csv', { format: 'cvs' as 'csv' })).toThrow(
    'format: expected csv, ndjson, arrow, parquet, got "cvs" (did you mean "csv"?)',
  );
  expect(() => fileSource('a.csv', { batchRows: 0 })).toThrow('batchRows');
  expect(() => streamSource(Readable.from([]), { format: 'parquet' })).toThrow('got parquet');
});

test('a shard is called like its file', () => {
  expect(stem('data/nyc_taxi.csv.gz')).toBe('nyc_taxi');
  expect(stem('.csv')).toBe('.csv');
  expect(stem('a.b.csv')).toBe('a.b');
});

test('a gzip that ends early: whole rows, one reject, an error, no end; a whole copy is gone on with', async () => {
  const body = Array.from({ length: 50_000 }, (_, i) => `${1_500_000_000 + i},${(i * 7919) % 1000}`).join('\n');
  const packed = gzipSync(`time,v\n${body}\n`);
  const path = join(at, 'early.csv.gz');
  writeFileSync(path, packed.subarray(0, packed.length - 3000));
  const cut = await collect(fileSource(path));
  expect(cut.ends).toBe(false);
  expect(cut.error?.message).toMatch(/early\.csv\.gz: expected a whole gzip, it breaks at byte \d+/);
  expect(cut.rejects.map(({ reason, offset }) => [reason, offset])).toEqual([['cut', cut.rows.length]]);
  expect(cut.rows.length).toBeGreaterThan(30_000);
  const next = cut.batches.at(-1)?.next as number;
  expect(next).toBe(cut.rows.length);
  writeFileSync(path, packed);
  const rest = await collect(fileSource(path), next);
  const whole = await collect(fileSource(path));
  expect(whole.rows).toHaveLength(50_000);
  expect([...cut.rows, ...rest.rows]).toEqual(whole.rows);
});

test('a gzip that breaks before the first row is an error at once', async () => {
  const path = join(at, 'short.csv.gz');
  writeFileSync(path, gzipSync('time,v\n1500000000,1\n').subarray(0, 12));
  await expect(collect(fileSource(path))).rejects.toThrow('expected a whole gzip');
});

test('the taxi log', async () => {
  const { channels, rows, rejects } = await collect(fileSource('data/nyc_taxi.csv'));
  expect([channels, rows.length, rejects.length]).toEqual([['value'], 10_320, 0]);
  expect(rows[0]).toEqual({ key: 'nyc_taxi', timeMs: Date.UTC(2014, 6, 1), values: [10_844], offset: 0 });
});

test.skipIf(!existsSync(data))(`the real files${existsSync(data) ? '' : ' (skipped: no ../shared/data)'}`, async () => {
  const taxi = await collect(fileSource(`${data}/nyc_taxi/nyc_taxi.csv`, { values: ['passenger_count'] }));
  expect(brief(taxi.rejects)).toEqual(['not-a-time@0:2', 'not-a-time@1:3']);
  expect(taxi.rows).toHaveLength(17_520);
  const skab = await collect(fileSource(`${data}/skab/valve1/0.csv`));
  expect([skab.channels.length, skab.rows.length, skab.rejects.length]).toEqual([10, 1147, 0]);
  const pems = await collect(
    fileSource(`${data}/pems_flow_1lane/train.csv`, {
      time: '5 Minutes',
      values: ['Lane 1 Flow (Veh/5 Minutes)'],
      timeFormat: 'dmy',
    }),
  );
  expect([pems.rows.length, pems.rejects.length]).toEqual([7776, 0]);
  await expect(collect(fileSource(`${data}/pems_flow_1lane/train.csv`, { time: '5 Minutes' }))).rejects.toThrow(
    '(timeFormat, --time-format): dmy or mdy',
  );
  const ett = await collect(fileSource(`${data}/ett/ETTh1.csv`));
  expect([ett.channels.length, ett.rows.length, ett.rejects.length]).toEqual([7, 17_420, 0]);
  const los = await collect(fileSource(`${data}/traffic_los_loop/los_speed.csv`, { step: 300_000 }));
  expect([los.channels.length, los.rejects.length]).toEqual([207, 0]);
});

import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { streamInput } from '../../connectors/bytes.js';
import { csvTable, quotedCharsMax } from '../../connectors/csv.js';
import { type FileOptions, streamSource } from '../../connectors/file.js';
import { lineCharsMax } from '../../connectors/lines.js';
import { brief, collect } from './collect.js';

/** Reads text that comes in pieces. */
const read = (pieces: string | readonly string[], options: FileOptions = {}, from = 0) =>
  collect(
    streamSource(Readable.from((typeof pieces === 'string' ? [pieces] : pieces).map((p) => Buffer.from(p))), options),
    from,
  );

const good = 'timestamp,value\n2014-07-01 00:00:00,1\n2014-07-01 00:30:00,2\n';

describe('csv', () => {
  test('rows become events with offset, time and values', async () => {
    const { channels, rows, rejects, ends, batches } = await read(good);
    expect(channels).toEqual(['value']);
    expect(rows).toEqual([
      { key: 'stdin', timeMs: Date.UTC(2014, 6, 1), values: [1], offset: 0 },
      { key: 'stdin', timeMs: Date.UTC(2014, 6, 1, 0, 30), values: [2], offset: 1 },
    ]);
    expect(rejects).toEqual([]);
    expect(ends).toBe(true);
    expect(batches.at(-1)?.next).toBe(2);
  });

  test('CRLF, byte order mark, quotes, doubled quotes, a line end inside quotes', async () => {
    const text =
      '\ufefftime,"the ""key""",v\r\n"2014-07-01 00:00:00","a,b",1\r\n2014-07-01 00:01:00,"x\r\ny",2\r\n2014-07-01 00:02:00,"""",3\r\n';
    const { rows, rejects } = await read(text, { key: 'the "key"' });
    expect(rejects).toEqual([]);
    expect(rows.map(({ key, values }) => [key, values[0]])).toEqual([
      ['a,b', 1],
      ['x\r\ny', 2],
      ['"', 3],
    ]);
  });

  test.each([';', '\t', '|', ','])('the delimiter %j is found in the header', async (d) => {
    const { channels, rows } = await read(`date${d}a${d}b\n2020-01-01${d}1${d}2\n`);
    expect(channels).toEqual(['a', 'b']);
    expect(rows[0].values).toEqual([1, 2]);
  });

  test('a delimiter in a quoted name does not count, and a given one wins', async () => {
    expect((await read('time;"a,b,c"\n2020-01-01;1\n')).channels).toEqual(['a,b,c']);
    expect((await read('time:a\n2020-01-01:1\n', { delimiter: ':' })).channels).toEqual(['a']);
    expect(() => csvTable(streamInput('x', Readable.from([])), { delimiter: ',,' })).toThrow('expected one character');
  });

  test('every bad row is a reject with line and reason, and none moves the offsets of others', async () => {
    const text = [
      'timestamp,a,b',
      '2020-01-01 00:00:00,1,2',
      'yesterday,1,2',
      '2020-01-01 00:02:00,one,2',
      '2020-01-01 00:03:00,1',
      '2020-01-01 00:04:00,1,2,3',
      '2020-01-01 00:05:00,,2',
      '2020-01-01 00:06:00,,',
      '2020-01-01 00:07:00,NaN,null',
      '2020-01-01 00:08:00,Infinity,1',
      '2020-01-01 00:09:00,1e999,1',
      '2020-01-01 00:10:00,0x1F,1',
      '2020-02-30 00:11:00,1,1',
      '',
      '2020-01-01 00:12:00,"1"2,1',
      ',1,1',
      '2020-01-01 00:13:00,1,2',
      '',
    ].join('\n');
    const { rows, rejects, ends } = await read(text);
    expect(rows.map(({ offset, values }) => [offset, ...values])).toEqual([
      [0, 1, 2],
      [5, Number.NaN, 2],
      [6, Number.NaN, Number.NaN],
      [7, Number.NaN, Number.NaN],
      [14, 1, 2],
    ]);
    expect(brief(rejects)).toEqual([
      'not-a-time@1:3',
      'not-a-number@2:4',
      'missing-column@3:5',
      'extra-column@4:6',
      'not-a-number@8:10',
      'not-a-number@9:11',
      'not-a-number@10:12',
      'not-a-time@11:13',
      'bad-quote@12:15',
      'not-a-time@13:16',
    ]);
    expect(rejects[0]).toMatchObject({ shard: 'stdin', stage: 'decode', raw: 'yesterday,1,2' });
    expect(rejects[0].message).toContain('expected a time (iso) in "timestamp", came "yesterday"');
    expect(ends).toBe(true);
  });

  test('a last line without line end is kept when whole and rejected as cut when not', async () => {
    expect((await read(good.slice(0, -1))).rows).toHaveLength(2);
    const { rows, rejects, ends } = await read(`${good}2014-07-01 01:0`);
    expect(rows).toHaveLength(2);
    expect(brief(rejects)).toEqual(['cut@2:4']);
    expect(ends).toBe(true);
    expect(brief((await read(`${good}2014-07-01 01:00:00,1x`)).rejects)).toEqual(['cut@2:4']);
  });

  test('a stray quote costs one line, not the rest of the file', async () => {
    const rest = Array.from({ length: 5000 }, (_, i) => `2020-01-01 00:00:00,${i}`).join('\n');
    const { rows, rejects } = await read(`time,v\n2020-01-01 00:00:00,"1\n${rest}\n`);
    expect(brief(rejects)).toEqual(['unclosed-quote@0:2']);
    expect(rows).toHaveLength(5000);
    const near = await read(`time,v\n2020-01-01 00:00:00,"1\n2020-01-01 00:00:00,2\n`);
    expect(brief(near.rejects)).toEqual(['unclosed-quote@0:2']);
    expect(near.rows).toHaveLength(1);
  });

  test('quoted fields are good up to their limit and refused above', async () => {
    const row = (chars: number) => `time,k,v\n2020-01-01,"${'x\n'.repeat(chars / 2)}",1\n2020-01-02,k,2\n`;
    const inside = await read(row(1000), { key: 'k' });
    expect(inside.rows).toHaveLength(2);
    expect(inside.rejects).toEqual([]);
    const above = await read(row(quotedCharsMax + 2), { key: 'k' });
    expect(above.rejects[0].reason).toBe('unclosed-quote');
    expect(above.rows.at(-1)?.values).toEqual([2]);
  });

  test('a line longer than the limit is refused without being kept, whatever the pieces', async () => {
    const long = `2020-01-01,${'9'.repeat(lineCharsMax)}`;
    const text = `time,v\n${long}\n2020-01-02,2\n`;
    for (const size of [text.length, 100_000, 65_536]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) as string[];
      const { rows, rejects } = await read(pieces);
      expect(brief(rejects)).toEqual(['too-long@0:2']);
      expect(rejects[0].raw).toHaveLength(4096);
      expect(rows.map(({ offset }) => offset)).toEqual([1]);
    }
  });

  test('rows of types and units below the header are rejects, or passed over by skipRows', async () => {
    const text = 'timestamp,v\ndatetime,float\nT,\n2010-07-02 00:00:00,21.2\n';
    const plain = await read(text);
    expect(brief(plain.rejects)).toEqual(['not-a-time@0:2', 'not-a-time@1:3']);
    expect(plain.rows).toMatchObject([{ offset: 2, values: [21.2] }]);
    const skipped = await read(text, { skipRows: 2 });
    expect(skipped.rejects).toEqual([]);
    expect(skipped.rows).toMatchObject([{ offset: 0 }]);
  });

  test('an empty input stops, a header only is no rows', async () => {
    await expect(read('')).rejects.toThrow('stdin: expected a header line, the input is empty');
    await expect(read('\n\n')).rejects.toThrow('expected a header line');
    const { rows, rejects, ends } = await read('timestamp,value');
    expect([rows.length, rejects.length, ends]).toEqual([0, 0, true]);
  });

  test('UTF-16 and old line ends are named', async () => {
    const utf16 = Readable.from([Buffer.from([0xff, 0xfe, 0x74, 0])]);
    await expect(collect(streamSource(utf16))).rejects.toThrow('it is UTF-16');
    await expect(read('time,v\r2020-01-01,1\r')).rejects.toThrow('single CRs');
  });

  test('any text, cut anywhere, read from any offset, gives the same rows and rejects', async () => {
    const field = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('1', '2.5', '-3e2', '2020-01-01 00:00:00', '', 'NaN', 'x') },
      { weight: 2, arbitrary: fc.constantFrom('"a,b"', '"q""q"', '"two\nlines"', '"', '"open', 'é', '"é"x', '\r') },
    );
    const line = fc.tuple(fc.array(field, { minLength: 1, maxLength: 4 }), fc.constantFrom('\n', '\r\n', '\n\n'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.array(fc.nat(200), { maxLength: 8 }),
        fc.nat(12),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (lines, cuts, from, batchRows, ended) => {
          const body = lines.map(([fields, end]) => fields.join(',') + end).join('');
          const text = `time,v\n2020-01-01 00:00:00,1\n${ended ? body : body.slice(0, -1)}`;
          const bytes = Buffer.from(text);
          const places = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
            (a, b) => a - b,
          );
          const pieces = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
          const options = { time: 'time', values: ['v'] };
          const whole = await read(text, options);
          const parts = await collect(streamSource(Readable.from(pieces), { ...options, batchRows }), 0);
          expect(parts.rows).toEqual(whole.rows);
          expect(parts.rejects).toEqual(whole.rejects);
          const total = whole.rows.length + whole.rejects.length;
          const late = await read(text, options, from);
          if (from > total) expect(late.error?.message).toContain('expected at least');
          else {
            expect(late.rows).toEqual(whole.rows.filter(({ offset }) => offset >= from));
            expect(late.rejects).toEqual(whole.rejects.filter(({ offset }) => offset >= from));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('no bytes crash it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, headed) => {
        const all = headed ? Buffer.concat([Buffer.from(good), bytes]) : Buffer.from(bytes);
        const outcome = await collect(streamSource(Readable.from([all]))).catch((error: Error) => error);
        if (outcome instanceof Error) expect(outcome.message).toMatch(/^stdin.*expected/s);
        else if (headed) expect(outcome.rows.slice(0, 2).map(({ offset }) => offset)).toEqual([0, 1]);
      }),
      { numRuns: 500 },
    );
  });
});

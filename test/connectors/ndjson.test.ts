import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FileOptions, streamSource } from '../../connectors/file.js';
import { brief, collect } from './collect.js';

const read = (text: string | Uint8Array, options: FileOptions = {}, from = 0) =>
  collect(streamSource(Readable.from([Buffer.from(text as string)]), { format: 'ndjson', ...options }), from);

test('events as Engram writes them', async () => {
  const line = { id: 's@4', key: 'k', timeMs: 1.5e12, offset: 4, values: [1, null], surprise: 2, alarm: false };
  const { channels, rows } = await read(`${JSON.stringify(line)}\n`);
  expect(channels).toEqual(['values.0', 'values.1']);
  expect(rows).toEqual([{ key: 'k', timeMs: 1.5e12, values: [1, Number.NaN], offset: 0 }]);
});

test('named columns, nested and with dots in their names', async () => {
  const lines = [
    { time: '2020-01-01T00:00:00Z', sensor: { id: 7, temperature: 20.5 }, 'a.b': 1 },
    { time: '2020-01-01T00:01:00Z', sensor: { id: 7, temperature: '21' }, 'a.b': 2 },
  ];
  const options = { values: ['sensor.temperature', 'a.b'], key: 'sensor.id' };
  const { rows } = await read(lines.map((line) => JSON.stringify(line)).join('\n'), options);
  expect(rows.map(({ key, values }) => [key, ...values])).toEqual([
    ['7', 20.5, 1],
    ['7', 21, 2],
  ]);
});

test('every bad line has its reason, and the others are kept', async () => {
  const text = [
    '{"time":1500000000,"a":1,"b":1}',
    'not json',
    '[1,2]',
    '"text"',
    '{"time":1500000001,"a":1}',
    '{"time":1500000002,"a":null,"b":"x"}',
    '{"time":1500000003}',
    '{"a":1}',
    '',
    '{"time":1500000004,"a":{"c":1},"b":1}',
    '{"time":1500000005,"a":1,"b":2',
  ].join('\n');
  const { rows, rejects, ends } = await read(text);
  expect(rows.map(({ offset, values }) => [offset, ...values])).toEqual([
    [0, 1, 1],
    [4, 1, Number.NaN],
  ]);
  expect(brief(rejects)).toEqual([
    'not-json@1:2',
    'not-json@2:3',
    'not-json@3:4',
    'not-a-number@5:6',
    'missing-column@6:7',
    'not-a-time@7:8',
    'not-a-number@8:10',
    'cut@9:11',
  ]);
  expect(ends).toBe(true);
});

test('an empty input and one without any object stop', async () => {
  await expect(read('')).rejects.toThrow('expected one JSON object a line, the input is empty');
  await expect(read('a,b\n1,2\n')).rejects.toThrow(
    'expected one JSON object a line, came "a,b" (line 1: expected a JSON object: column 1: expected a value, got a)',
  );
  await expect(read('{"time":1,"a":2}\n', { values: ['b'] })).rejects.toThrow('did you mean "a"');
});

test('names of object internals are no columns', async () => {
  await expect(read('{"time":1500000000,"a":1}\n', { values: ['__proto__'] })).rejects.toThrow('no column "__proto__"');
  const { rejects } = await read('{"time":1500000000,"constructor":1}\n{"time":1500000000}\n', {
    values: ['constructor'],
  });
  expect(brief(rejects)).toEqual(['missing-column@1:2']);
});

test('resuming at any offset gives the rest; no bytes crash it', async () => {
  const text = '{"time":1500000000,"a":1}\nx\n{"time":1500000001,"a":2}\n{"time":1500000002,"a":3}\n';
  const whole = await read(text);
  for (let from = 0; from <= 4; from++) {
    expect((await read(text, {}, from)).rows).toEqual(whole.rows.filter(({ offset }) => offset >= from));
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, after) => {
      const outcome = await read(after ? Buffer.concat([Buffer.from(text), bytes]) : bytes).catch(
        (error: Error) => error,
      );
      if (outcome instanceof Error) expect(outcome.message).toMatch(/^stdin.*expected/s);
    }),
    { numRuns: 300 },
  );
});

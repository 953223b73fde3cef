import { expect, test } from 'vitest';
import { jsonCodec } from '../../../connectors/codecs/json.js';
import { type Mapping, RecordDecoder } from '../../../connectors/kafka/decode.js';
import type { KafkaRecord } from '../../../connectors/kafka/record.js';

const record = (value: unknown, key: string | Buffer | null = 'k'): KafkaRecord => ({
  offset: 7,
  key: typeof key === 'string' ? Buffer.from(key) : key,
  value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  headers: {},
  timestampMs: 1_700_000_000_000,
});
const decoder = (mapping: Mapping) => new RecordDecoder(jsonCodec(), mapping, 'in-0');

test('key and time of the record, values from fields', () => {
  const { decode, channels } = bound(decoder({ values: ['speed', 'load.cpu'] }));
  expect(channels).toEqual(['speed', 'load.cpu']);
  expect(decode(record({ speed: 3, load: { cpu: 0.5 } }))).toEqual({
    key: 'k',
    timeMs: 1_700_000_000_000,
    values: [3, 0.5],
    offset: 7,
  });
  expect(decode(record({ speed: '3' }))).toMatchObject({ values: [3, Number.NaN] });
});

test('key and time from fields', () => {
  const { decode } = bound(decoder({ values: ['v'], key: 'id', time: 'at', timeFormat: 'iso' }));
  expect(decode(record({ v: 1, id: 'a', at: '2020-01-02T03:04:05Z' }, null))).toEqual({
    key: 'a',
    timeMs: Date.UTC(2020, 0, 2, 3, 4, 5),
    values: [1],
    offset: 7,
  });
  expect(decode(record({ v: 1, id: 'a', at: 'soon' }))).toMatchObject({ reason: 'not-a-time' });
  expect(decode(record({ v: 1, at: '2020-01-02' }))).toMatchObject({ reason: 'missing-key' });
});

test('keys that are no text stay apart', () => {
  const { decode } = bound(decoder({ values: ['v'] }));
  const keys = [Buffer.from([0, 0, 0, 255]), Buffer.from([0, 0, 0, 254])].map((key) => decode(record({ v: 1 }, key)));
  expect(keys).toMatchObject([{ key: '0x000000ff' }, { key: '0x000000fe' }]);
});

test('a record without a value deletes its key; without both it is refused', () => {
  const { decode } = bound(decoder({ values: ['v'] }));
  expect(decode(record(null))).toEqual({ forget: 'k' });
  expect(decode(record(null, null))).toMatchObject({ reason: 'empty' });
});

test('a mapping that cannot work is refused', () => {
  expect(() => decoder({ values: [] })).toThrow(/at least one field/);
  expect(() => decoder({ values: ['v'], zone: 'Berlin' })).toThrow(/offset such as \+02:00/);
});

function bound(made: RecordDecoder) {
  return { decode: made.decode.bind(made), channels: made.channels, categories: made.categories };
}

test('a record with the header of a mark is one, in the place of its offset, and no row', () => {
  const marked = (value: string | null, verdict = 'expected') =>
    new RecordDecoder(jsonCodec(), { values: ['v'] }, 'in-0').decode({
      ...{ offset: 7, timestampMs: 5, key: Buffer.from('k'), value: value === null ? null : Buffer.from(value) },
      headers: { 'engram-mark': verdict },
    });
  expect(marked('{"startMs":1,"endMs":2,"of":"a1"}')).toEqual({
    mark: { key: 'k', verdict: 'expected', startMs: 1, endMs: 2, of: 'a1', offset: 7 },
  });
  expect(marked('{"startMs":1}')).toMatchObject({
    reason: 'bad-mark',
    message: expect.stringContaining('mark: endMs: expected a time'),
  });
  expect(marked('{')).toMatchObject({ reason: 'bad-mark', message: expect.stringContaining('mark: expected JSON') });
  expect(marked(null)).toMatchObject({ reason: 'bad-mark' });
  expect(marked('{"startMs":1,"endMs":2}', 'maybe')).toMatchObject({ reason: 'bad-mark' });
});

test('words from fields, alone or beside numbers', () => {
  const { decode, channels, categories } = bound(decoder({ values: ['v'], categories: ['state'] }));
  expect([channels, categories]).toEqual([['v', 'state'], ['state']]);
  expect(decode(record({ v: 1, state: 'OPEN' }))).toMatchObject({
    values: [1, Number.NaN],
    words: [undefined, 'OPEN'],
  });
  const only = bound(decoder({ values: [], categories: ['state'] }));
  expect(only.decode(record({ state: 'OPEN' }))).toMatchObject({ values: [Number.NaN], words: ['OPEN'] });
  expect(only.decode(record({ other: 1 }))).toMatchObject({ reason: 'missing-column' });
});

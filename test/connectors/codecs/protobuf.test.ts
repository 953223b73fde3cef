import protobuf from 'protobufjs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { protobufCodec } from '../../../connectors/codecs/protobuf.js';
import { SchemaRegistry } from '../../../connectors/kafka/registry.js';
import { framed, recordOf, registryServer } from '../../kafka/registry-server.js';

const place = 'syntax = "proto3"; package city; message Place { int32 lane = 1; }';
const proto = `syntax = "proto3"; package city; import "place.proto";
message Other { string a = 1; }
message Reading { double speed = 1; int64 at_ms = 2; Place where = 3; message Inner { float x = 1; } }`;
const root = new protobuf.Root();
protobuf.parse(place, root, { keepCase: true });
protobuf.parse(proto, root, { keepCase: true });
const reading = root.lookupType('city.Reading');
const bytes = reading.encode(reading.fromObject({ speed: 3.5, at_ms: 1_700_000_000_000, where: { lane: 2 } })).finish();
const inner = root.lookupType('city.Reading.Inner');

let at: Awaited<ReturnType<typeof registryServer>>;
beforeAll(async () => {
  at = await registryServer(
    {
      5: { schema: proto, schemaType: 'PROTOBUF', references: [{ name: 'place.proto', subject: 'place', version: 1 }] },
      7: { schema: 'message {', schemaType: 'PROTOBUF' },
    },
    { place: { schema: place, schemaType: 'PROTOBUF' } },
  );
});
afterAll(() => void at.server.close());

const read = async (value: Buffer, paths = ['speed', 'at_ms', 'where.lane']) => {
  const codec = protobufCodec(new SchemaRegistry({ url: at.url }));
  await codec.prepare?.([recordOf(value)]);
  return codec.fields(value, paths, recordOf(value));
};

test('the message that stands before the payload: second of the file, and one inside of it', async () => {
  // One index, 1 as zigzag varint 2.
  expect(await read(framed(5, bytes, [2, 2]))).toEqual([3.5, 1_700_000_000_000, 2]);
  const small = inner.encode(inner.fromObject({ x: 0.5 })).finish();
  expect(await read(framed(5, small, [4, 2, 0]), ['x'])).toEqual([0.5]);
  const other = root.lookupType('city.Other');
  expect(await read(framed(5, other.encode({ a: '7' }).finish(), [0]), ['a'])).toEqual(['7']);
});

test('a .proto of its own', () => {
  const codec = protobufCodec({ proto: 'syntax = "proto3"; message R { double v = 1; }', message: 'R' });
  const value = Buffer.from([9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
  expect(codec.fields(value, ['v'], recordOf(value))).toEqual([1]);
});

test.each([
  ['no frame', () => Buffer.from(bytes), 'not-protobuf'],
  ['a place that is none', () => framed(5, bytes, [2, 1]), 'not-protobuf'],
  ['a payload cut short', () => framed(5, bytes.subarray(0, 5), [2, 2]), 'not-protobuf'],
  ['a message the file does not have', () => framed(5, bytes, [2, 20]), 'unknown-schema'],
  ['an unknown schema', () => framed(99, bytes, [0]), 'unknown-schema'],
  ['a schema that is none', () => framed(7, bytes, [0]), 'unknown-schema'],
])('%s is refused', async (_, value, reason) => expect(await read(value())).toMatchObject({ reason }));

test('made-up places cost neither memory nor another look at the schema', async () => {
  const codec = protobufCodec(new SchemaRegistry({ url: at.url }));
  const good = framed(5, bytes, [2, 2]);
  await codec.prepare?.([recordOf(good)]);
  codec.fields(good, ['speed'], recordOf(good));
  const spies = [vi.spyOn(protobuf, 'parse'), vi.spyOn(Map.prototype, 'set')];
  const refused = Array.from({ length: 1000 }, (_, i) => {
    // Two indices: a message inside of the second one, by its number as a varint of two bytes.
    const value = framed(5, bytes, [4, 2, 0x80 | ((2 * i) & 0x7f), 1 + (i >> 6)]);
    return codec.fields(value, ['speed'], recordOf(value));
  });
  const calls = spies.map((spy) => spy.mock.calls.length);
  for (const spy of spies) spy.mockRestore();
  expect(new Set(refused.map((one) => 'message' in one && one.message)).size).toBe(1000);
  expect(calls).toEqual([0, 0]);
  expect(codec.fields(good, ['speed'], recordOf(good))).toEqual([3.5]);
});

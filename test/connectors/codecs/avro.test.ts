import avsc from 'avsc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { avroCodec } from '../../../connectors/codecs/avro.js';
import { SchemaRegistry } from '../../../connectors/kafka/registry.js';
import { framed, recordOf, registryServer } from '../../kafka/registry-server.js';

const place = { type: 'record', name: 'Place', fields: [{ name: 'lane', type: 'int' }] } as const;
const schema = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'speed', type: ['null', 'double'], default: null },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'where', type: 'Place' },
  ],
};
const type = avsc.Type.forSchema({
  ...schema,
  fields: [...schema.fields.slice(0, 2), { name: 'where', type: place }],
} as avsc.Schema);
const bytes = type.toBuffer({ speed: 3.5, at: 1_700_000_000_000, where: { lane: 2 } });

let at: Awaited<ReturnType<typeof registryServer>>;
beforeAll(async () => {
  at = await registryServer(
    {
      5: { schema: JSON.stringify(schema), references: [{ name: 'Place', subject: 'place', version: 1 }] },
      6: { schema: 'syntax "proto3";', schemaType: 'PROTOBUF' },
      7: { schema: '{"type":"nonsense"}' },
    },
    { place: { schema: JSON.stringify(place) } },
  );
});
afterAll(() => void at.server.close());

const read = async (value: Buffer) => {
  const codec = avroCodec(new SchemaRegistry({ url: at.url }));
  const record = recordOf(value);
  await codec.prepare?.([record]);
  return codec.fields(value, ['speed', 'at', 'where.lane', 'none'], record);
};

test('a record of the registry’s schema, with one it refers to', async () => {
  expect(await read(framed(5, bytes))).toEqual([3.5, 1_700_000_000_000, 2, undefined]);
  expect(await read(framed(5, type.toBuffer({ speed: null, at: 1, where: { lane: 1 } })))).toEqual([
    null,
    1,
    1,
    undefined,
  ]);
});

test('a schema of its own', () => {
  const codec = avroCodec({ schema: type.schema() });
  expect(codec.fields(bytes, ['speed'], recordOf(bytes))).toEqual([3.5]);
});

test.each([
  ['no frame', () => bytes, 'not-avro'],
  ['a payload cut short', () => framed(5, bytes.subarray(0, 4)), 'not-avro'],
  ['a payload with more behind it', () => framed(5, Buffer.concat([bytes, Buffer.alloc(3)])), 'not-avro'],
  ['an unknown schema', () => framed(99, bytes), 'unknown-schema'],
  ['a Protobuf schema', () => framed(6, bytes), 'unknown-schema'],
  ['a schema that is none', () => framed(7, bytes), 'unknown-schema'],
])('%s is refused', async (_, value, reason) => expect(await read(value())).toMatchObject({ reason }));

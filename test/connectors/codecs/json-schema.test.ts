import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonSchemaCodec } from '../../../connectors/codecs/json-schema.js';
import { SchemaRegistry } from '../../../connectors/kafka/registry.js';
import { framed, recordOf, registryServer } from '../../kafka/registry-server.js';

let at: Awaited<ReturnType<typeof registryServer>>;
beforeAll(async () => {
  const schema = JSON.stringify({
    type: 'object',
    required: ['speed'],
    properties: { speed: { type: 'number', minimum: 0 } },
  });
  at = await registryServer({
    5: { schema, schemaType: 'JSON' },
    6: { schema: '"long"' },
    7: { schema: '{', schemaType: 'JSON' },
  });
});
afterAll(() => void at.server.close());

const read = async (id: number, text: string) => {
  const value = framed(id, Buffer.from(text));
  const codec = jsonSchemaCodec(new SchemaRegistry({ url: at.url }));
  await codec.prepare?.([recordOf(value)]);
  return codec.fields(value, ['speed'], recordOf(value));
};

test('what fits its schema is read', async () => expect(await read(5, '{"speed":3}')).toEqual([3]));

test.each([
  [5, '{"speed":-1}', 'against-schema'],
  [5, '{}', 'against-schema'],
  [5, '{', 'not-json'],
  [6, '{}', 'unknown-schema'],
  [7, '{}', 'unknown-schema'],
  [99, '{}', 'unknown-schema'],
])('schema %d, %s: %s', async (id, text, reason) => expect(await read(id, text)).toMatchObject({ reason }));

test('plain JSON has no frame', () => {
  const codec = jsonSchemaCodec(new SchemaRegistry({ url: at.url }));
  const value = Buffer.from('{"speed":3}');
  expect(codec.fields(value, ['speed'], recordOf(value))).toMatchObject({ reason: 'not-json' });
});

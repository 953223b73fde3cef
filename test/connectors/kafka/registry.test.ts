import { afterAll, beforeAll, expect, test } from 'vitest';
import { SchemaRegistry, unframed } from '../../../connectors/kafka/registry.js';
import { Secret } from '../../../connectors/kafka/secret.js';
import { framed, recordOf, registryServer } from '../../kafka/registry-server.js';

let at: Awaited<ReturnType<typeof registryServer>>;
beforeAll(async () => {
  at = await registryServer(
    {
      7: { schema: '"long"' },
      8: { schema: '{}', schemaType: 'JSON', references: [{ name: 'a', subject: 's/a', version: 2 }] },
    },
    { 's/a': { schema: 'A', references: [{ name: 'b', subject: 'b', version: 1 }] }, b: { schema: 'B' } },
    'me:canary-7f3a',
  );
});
afterAll(() => void at.server.close());

const registry = (more = {}) =>
  new SchemaRegistry({ url: `${at.url}/`, username: 'me', password: new Secret('canary-7f3a'), ...more });

test('asks once per schema, with those it refers to', async () => {
  const one = registry();
  const records = [7, 8, 7, 9].map((id) => recordOf(framed(id, Buffer.alloc(1))));
  await one.prepare(records);
  await one.prepare(records);
  expect(at.asked).toEqual([
    '/schemas/ids/7',
    '/schemas/ids/8',
    '/subjects/s/a/versions/2',
    '/subjects/b/versions/1',
    '/schemas/ids/9',
  ]);
  expect(one.schema(7)).toMatchObject({ id: 7, type: 'AVRO', text: '"long"' });
  expect([...(one.schema(8)?.references ?? [])]).toEqual([
    ['b', 'B'],
    ['a', 'A'],
  ]);
  expect(one.schema(9)).toBeUndefined();
});

test('a registry that refuses, or is not there, is an error without the password', async () => {
  const record = [recordOf(framed(7, Buffer.alloc(1)))];
  const wrong = await registry({ password: new Secret('canary-wrong') })
    .prepare(record)
    .catch((error: Error) => error);
  expect(String(wrong)).toMatch(/answered with 401/);
  expect(String(wrong)).not.toContain('canary');
  await expect(registry({ url: 'http://127.0.0.1:1' }).prepare(record)).rejects.toThrow();
  expect(() => new SchemaRegistry({ url: 'registry:8081' })).toThrow(/expected http/);
  const login = (): SchemaRegistry => new SchemaRegistry({ url: 'http://user:canary@registry:8081' });
  expect(login).toThrow(/^(?!.*canary).*expected no login/);
});

test('the frame', () => {
  expect(unframed(framed(258, Buffer.from('x')))).toEqual({ id: 258, body: Buffer.from('x') });
  expect(unframed(Buffer.from('{"a":1}'))).toBeUndefined();
  expect(unframed(Buffer.alloc(4))).toBeUndefined();
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { avroCodec } from '../../../connectors/codecs/avro.js';
import { SchemaRegistry, unframed } from '../../../connectors/kafka/registry.js';
import { Secret } from '../../../connectors/kafka/secret.js';
import { framed, type Registered, recordOf, registryServer } from '../../kafka/registry-server.js';

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
  // Side by side, in any order; 9 again for a moment, as it may be about to be registered.
  expect(at.asked.toSorted()).toEqual([
    '/schemas/ids/7',
    '/schemas/ids/8',
    ...['/schemas/ids/9', '/schemas/ids/9', '/schemas/ids/9'],
    '/subjects/b/versions/1',
    '/subjects/s/a/versions/2',
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
  await expect(registry({ url: 'http://127.0.0.1:1', patienceMs: 300 }).prepare(record)).rejects.toThrow();
  expect(() => new SchemaRegistry({ url: 'registry:8081' })).toThrow(/expected http/);
  const login = (): SchemaRegistry => new SchemaRegistry({ url: 'http://user:canary@registry:8081' });
  expect(login).toThrow(/^(?!.*canary).*expected no login/);
});

const of = (id: number) => [recordOf(framed(id, Buffer.alloc(1)))];

test('a schema that is registered later is found, after a while in which nobody is asked', async () => {
  const byId: Record<number, { schema: string }> = {};
  const late = await registryServer(byId);
  const one = new SchemaRegistry({ url: late.url, unknownMs: 400 });
  await one.prepare(of(5));
  const asked = late.asked.length;
  byId[5] = { schema: '"int"' };
  await one.prepare(of(5));
  expect(late.asked).toHaveLength(asked);
  expect(one.schema(5)).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 450));
  await one.prepare(of(5));
  expect(one.schema(5)?.text).toBe('"int"');
  late.server.close();
});

test('so many unknown numbers are remembered and no more, the oldest is forgotten first', async () => {
  const none = await registryServer({});
  const one = new SchemaRegistry({ url: none.url, unknownMax: 2 });
  for (const id of [1, 2, 3]) await one.prepare(of(id));
  const asked = none.asked.length;
  await one.prepare([...of(2), ...of(3)]);
  expect(none.asked).toHaveLength(asked);
  await one.prepare(of(1));
  expect(none.asked.length).toBeGreaterThan(asked);
  none.server.close();
});

test('a thousand made-up numbers hold up the others for a moment only', async () => {
  const none = await registryServer({ 5000: { schema: '"int"' } });
  const one = new SchemaRegistry({ url: none.url });
  const made = Array.from({ length: 1000 }, (_, i) => of(100 + i)[0]);
  await one.prepare([...made, ...of(5000)]);
  // Sixteen were asked for three times, all others once.
  expect(none.asked.length).toBeLessThan(1001 + 3 * 16);
  expect(one.schema(5000)).toBeDefined();
  none.server.close();
});

test('a schema that refers to one that is not there is unknown, with the reason, until that one is registered', async () => {
  const references = [{ name: 'a', subject: 's/a', version: 2 }];
  const subjects: Record<string, Registered> = {
    's/a': { schema: 'A', references: [{ name: 'b', subject: 'b', version: 3 }] },
  };
  const one = await registryServer({ 8: { schema: '"int"', references }, 9: { schema: '"int"' } }, subjects);
  const client = new SchemaRegistry({ url: one.url, unknownMs: 300 });
  await client.prepare([...of(8), ...of(9)]);
  expect(client.schema(9)).toBeDefined();
  expect(client.schema(8)).toBeUndefined();
  expect(client.unknown(8)).toBe(
    'schema 8 cannot be used: it refers to version 3 of b, which the registry does not have',
  );
  const value = framed(8, Buffer.from([2]));
  expect(avroCodec(client).fields(value, [''], recordOf(value))).toEqual({
    reason: 'unknown-schema',
    message: client.unknown(8),
  });
  subjects.b = { schema: 'B' };
  await new Promise((resolve) => setTimeout(resolve, 350));
  await client.prepare(of(8));
  expect([...(client.schema(8)?.references ?? [])].map(([name]) => name)).toEqual(['b', 'a']);
  one.server.close();
});

test.each([
  ['a registry that fails', 503, '{"error_code":50001}'],
  ['a gateway without the registry behind it', 404, '<html>default backend</html>'],
])('%s makes nothing unknown: it is asked again until it answers', async (_, status, body) => {
  const away = { until: 3 };
  const one = await registryServer({ 5: { schema: '"int"' } }, {}, undefined, () =>
    away.until-- > 0 ? { status, body } : undefined,
  );
  const client = new SchemaRegistry({ url: one.url });
  await client.prepare(of(5));
  expect(client.schema(5)?.text).toBe('"int"');
  away.until = 1000;
  await expect(new SchemaRegistry({ url: one.url, patienceMs: 250 }).prepare(of(6))).rejects.toThrow(
    `/schemas/ids/6 was answered with ${status}`,
  );
  one.server.close();
});

test('partitions that need the same schema at once ask once', async () => {
  const one = registry();
  const asked = at.asked.length;
  await Promise.all([one.prepare(of(7)), one.prepare(of(7)), one.prepare(of(7))]);
  expect(at.asked).toHaveLength(asked + 1);
});

test('the frame', () => {
  expect(unframed(framed(258, Buffer.from('x')))).toEqual({ id: 258, body: Buffer.from('x') });
  expect(unframed(Buffer.from('{"a":1}'))).toBeUndefined();
  expect(unframed(Buffer.alloc(4))).toBeUndefined();
});

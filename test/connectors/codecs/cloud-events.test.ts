import { expect, test } from 'vitest';
import { cloudEventsCodec } from '../../../connectors/codecs/cloud-events.js';
import { recordOf } from '../../kafka/registry-server.js';

const codec = cloudEventsCodec();
const attributes = { id: '1', source: '/plant', specversion: '1.0', type: 'reading', time: '2020-01-01T00:00:00Z' };
const binary = Object.fromEntries(Object.entries(attributes).map(([name, text]) => [`ce_${name}`, text]));
const read = (body: unknown, headers: Record<string, string>) => {
  const value = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return codec.fields(value, ['v', 'ce.time', 'ce.type'], recordOf(value, headers));
};

test('binary and structured form give the same', () => {
  const expected = [3, '2020-01-01T00:00:00Z', 'reading'];
  expect(read({ v: 3 }, { ...binary, 'content-type': 'application/json' })).toEqual(expected);
  const structured = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
  expect(read({ ...attributes, data: { v: 3 } }, structured)).toEqual(expected);
});

test('what lacks an attribute is none', () => {
  expect(read({ v: 3 }, {})).toMatchObject({
    reason: 'not-a-cloudevent',
    message: expect.stringContaining('id, source'),
  });
  const { ce_type: _, ...rest } = binary;
  expect(read({ v: 3 }, rest)).toMatchObject({ message: expect.stringContaining('attributes type') });
  expect(read('{', binary)).toMatchObject({ reason: 'not-json' });
  expect(read('3', { 'content-type': 'application/cloudevents+json' })).toMatchObject({ reason: 'not-a-cloudevent' });
});

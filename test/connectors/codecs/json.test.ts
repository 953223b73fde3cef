import { expect, test } from 'vitest';
import { jsonCodec, walk } from '../../../connectors/codecs/json.js';

const fields = (text: string, ...paths: string[]) =>
  jsonCodec().fields(Buffer.from(text), paths, { offset: 0, key: null, value: null, headers: {}, timestampMs: 0 });

test('fields by path, into lists too; a name with a dot comes first', () => {
  expect(fields('{"a":{"b":[1,2]},"a.b":3,"c":null}', 'a.b.1', 'a.b', 'c', 'd.e')).toEqual([2, 3, null, undefined]);
});

test.each(['{', '', '[1]', 'null', '3', '"x"', '\u0000'])('%j is refused', (text) => {
  expect(fields(text, 'a')).toMatchObject({ reason: 'not-json' });
});

test('what an object inherits is no field', () => {
  expect(walk({}, 'constructor.name', ['constructor', 'name'])).toBeUndefined();
  expect(walk(JSON.parse('{"__proto__":{"a":1}}'), 'a', ['a'])).toBeUndefined();
});

import { makeData, Utf8 } from 'apache-arrow';
import { expect, test } from 'vitest';
import { verify } from '../../../connectors/codecs/arrow-verify.js';

const text = (valueOffsets: number[], length = valueOffsets.length - 1) =>
  makeData({ type: new Utf8(), length, valueOffsets: Int32Array.from(valueOffsets), data: Buffer.from('abcd') });

test('offsets of text must ascend, and stay inside of it', () => {
  expect(() => verify(text([0, 2, 4]), 2, 'key')).not.toThrow();
  expect(() => verify(text([0, 3, 2]), 2, 'key')).toThrow(/column "key": expected ascending offsets for 2 rows/);
  expect(() => verify(text([0, 2, 5]), 2, 'key')).toThrow(/offsets inside the text/);
  expect(() => verify(text([0, 2]), 2, 'key')).toThrow(/as many values/);
});

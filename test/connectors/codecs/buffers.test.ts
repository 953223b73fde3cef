import { expect, test } from 'vitest';
import { flagBits, realBuffers, textBuffers, wholes } from '../../../connectors/codecs/buffers.js';

test('flags, wholes, reals and texts as Arrow lays them out', () => {
  expect([...flagBits([true, false, true, false, false, false, false, false, true], 9)]).toEqual([0b101, 1]);
  expect([...wholes([1, -2], 2)]).toEqual([1n, -2n]);
  expect(realBuffers([1, 2], 2)).toEqual({ data: Float64Array.of(1, 2), nullCount: 0 });
  expect(realBuffers([1, Number.NaN, 3], 3)).toEqual({
    data: Float64Array.of(1, 0, 3),
    nullCount: 1,
    nullBitmap: Uint8Array.of(0b101),
  });
  const { valueOffsets, data } = textBuffers(['a', '', 'é'], 3);
  expect([...valueOffsets]).toEqual([0, 1, 1, 3]);
  expect(Buffer.from(data).toString()).toBe('aé');
});

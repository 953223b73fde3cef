import { describe, expect, test } from 'vitest';
import { decode, encode, savedRows, slabTable, tableOf } from '../../state/arrow.js';
import { streamEnd } from '../../state/stream.js';
import { filled, numbersFrom, owner, sampleBundle, sampleLayout } from './samples.js';

const names = Array.from({ length: 40 }, (_, i) => `key ${i}`);
const stream = encode(sampleBundle(names).rows!);

describe('streamEnd', () => {
  test('finds the end of every kind of table we write, whatever follows', () => {
    const { slab, keys } = filled(sampleLayout, []);
    const streams = [
      stream,
      encode(slabTable(slab, keys, owner)),
      encode(slabTable(filled({}, ['a']).slab, undefined, owner)),
      encode(tableOf({ name: ['a'], size: BigInt64Array.of(1n), sum: Uint32Array.of(2) }, { about: 'x' })),
      encode(tableOf({}, {})),
    ];
    for (const bytes of streams) {
      expect(streamEnd(bytes)).toBe(bytes.length);
      expect(streamEnd(Buffer.concat([bytes, stream]))).toBe(bytes.length);
    }
  });

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'its end missing'],
    ['text', Buffer.from('time,value\n1,2\n'), 'no message at byte 0'],
    ['an end without a schema', Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0), 'no schema'],
    ['a stream cut before its end', stream.subarray(0, stream.length - 8), 'its end missing'],
    ['a stream cut in its last body', stream.subarray(0, stream.length - 16), 'a body of'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => streamEnd(bytes)).toThrow(message);
  });

  test('refuses a field count that would keep a reader busy for ever', () => {
    // The root of the first message begins 8 bytes in; the count of fields is the first vector of its schema.
    const view = new DataView(stream.slice().buffer);
    let refused = 0;
    for (let at = 8; at < 2000; at += 4) {
      const before = view.getUint32(at, true);
      view.setUint32(at, 0x7fffffff, true);
      try {
        streamEnd(new Uint8Array(view.buffer));
      } catch {
        refused++;
      }
      view.setUint32(at, before, true);
    }
    expect(refused).toBeGreaterThan(100);
  });

  test('10,000 hostile streams: whatever passes is read in bounded time and memory', () => {
    const seed = 5;
    const next = numbersFrom(seed);
    const outcomes = { refused: 0, 'refused by the reader': 0, read: 0 };
    for (let i = 0; i < 10_000; i++) {
      const hostile = stream.slice();
      for (let change = next() % 3; change >= 0; change--) {
        const at = next() % (hostile.length - 4);
        if (next() % 2 === 0) hostile[at] = next();
        else hostile.fill([0, 0xff, 0x7f, 1][next() % 4] as number, at, at + 1 + (next() % 4));
      }
      const from = process.hrtime.bigint();
      try {
        streamEnd(hostile);
        try {
          savedRows(decode(hostile));
          outcomes.read++;
        } catch {
          outcomes['refused by the reader']++;
        }
      } catch (error) {
        if ((error as Error).name !== 'RangeError') throw error;
        outcomes.refused++;
      }
      const tookMs = Number(process.hrtime.bigint() - from) / 1e6;
      if (tookMs > 2000) throw new Error(`seed ${seed}, case ${i}: read for ${tookMs} ms`);
    }
    console.log(`10,000 hostile streams (seed ${seed}): ${JSON.stringify(outcomes)}`);
    expect(outcomes.read).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  }, 120_000);
});

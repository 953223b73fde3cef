import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { arrowMessages } from '../../../connectors/codecs/arrow.js';
import { Damage } from '../../../connectors/codecs/messages.js';

const bytes = tableToIPC(tableFromArrays({ a: [1, 2, 3] }), 'stream');

async function* cut(size: number, all = bytes): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

test('messages are whole, in any chunks', async () => {
  for (const size of [1, 3, 8, 64, bytes.length]) {
    const found: [boolean, number, number][] = [];
    for await (const { schema, rows, end } of arrowMessages(cut(size))) found.push([schema, rows, end]);
    expect(found.map(([schema, rows]) => [schema, rows])).toEqual([
      [true, 0],
      [false, 3],
    ]);
    expect(found[1][2]).toBe(bytes.length - 8);
  }
});

test('a stream cut inside a message is damage, at its end it is not', async () => {
  const read = async (end: number) => {
    let count = 0;
    for await (const _ of arrowMessages(cut(50, bytes.subarray(0, end)))) count++;
    return count;
  };
  expect(await read(bytes.length - 8)).toBe(2);
  for (const end of [0, 1, 5, 8, 30, bytes.length - 9]) await expect(read(end)).rejects.toBeInstanceOf(Damage);
});

test('a length that cannot be is refused before anything is made of that size', async () => {
  const bad = Buffer.from(bytes);
  bad.writeInt32LE(0x7fffffff, 4);
  await expect(arrowMessages(cut(64, bad)).next()).rejects.toThrow('its length says 2147483647');
  bad.writeInt32LE(-5, 4);
  await expect(arrowMessages(cut(64, bad)).next()).rejects.toThrow('its length says -5');
});

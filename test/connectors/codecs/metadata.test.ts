import { Field, Float64, Schema, Struct, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { expect, test } from 'vitest';
import { Damage } from '../../../connectors/codecs/messages.js';
import { checkMetadata } from '../../../connectors/codecs/metadata.js';

/** The metadata of each message of a stream. */
function metadataOf(table: Table): Uint8Array[] {
  const bytes = tableToIPC(table, 'stream');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const found: Uint8Array[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = view.getInt32(at + 4, true);
    if (size === 0) break;
    found.push(bytes.slice(at + 8, at + 8 + size));
    // The body of the only batch ends the stream.
    at += 8 + size + (found.length > 1 ? bytes.length : 0);
  }
  return found;
}

const table = new Table(
  new Schema(
    [new Field('a', new Float64(), true), new Field('s', new Struct([new Field('t', new Utf8(), true)]), true)],
    new Map([['note', 'x']]),
  ),
  { a: vectorFromArray([1, 2], new Float64()), s: vectorFromArray([{ t: 'x' }, { t: 'y' }]) },
);

test('metadata as the library writes them pass', () => {
  const all = metadataOf(table);
  expect(all.length).toBe(2);
  for (const one of all) expect(() => checkMetadata(one)).not.toThrow();
});

test('every byte may be any other: it passes or is damage, and no list is longer than the message', () => {
  let refused = 0;
  for (const good of metadataOf(table)) {
    for (let at = 0; at < good.length; at++) {
      for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
        const bad = good.slice();
        bad[at] = byte;
        try {
          checkMetadata(bad);
        } catch (error) {
          expect(error).toBeInstanceOf(Damage);
          refused++;
        }
      }
    }
  }
  expect(refused).toBeGreaterThan(50);
  expect(() => checkMetadata(new Uint8Array(3))).toThrow(Damage);
});

import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decode, StateMismatch, savedRows, slabTable } from '../../state/arrow.js';
import {
  type Checkpoint,
  DamagedCheckpoint,
  frame,
  freeze,
  headerBytes,
  seal,
  unframe,
} from '../../state/checkpoint.js';
import { openSlab } from '../../state/open.js';
import { Slab } from '../../state/slab.js';
import { streamEnd } from '../../state/stream.js';
import { filled, numbersFrom, owner, sampleBundle, sampleCheckpoint, sampleLayout } from './samples.js';

/** How a file is received: undefined if it opens, else the class of the error. */
function refusal(file: Uint8Array): string | undefined {
  try {
    unframe(file);
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}

/** The file with checksums that fit it again: what a foreign or hostile program would write. */
function sealed(file: Uint8Array): Uint8Array {
  try {
    // The columns of a decoded manifest are views of the file, so its sums can be set in place.
    const columns = decode(file.subarray(headerBytes)).batches[0]!.data.children.map(({ values }) => values);
    const [, , offset, length, sums] = columns as [unknown, unknown, BigInt64Array, BigInt64Array, Uint32Array];
    offset.forEach((from, i) => {
      sums[i] = crc32(file.subarray(Number(from), Number(from + length[i]!)));
    });
  } catch {
    // A manifest that cannot be read has no sums to set.
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  view.setUint32(12, crc32(file.subarray(headerBytes, headerBytes + view.getUint32(24, true))), true);
  view.setBigUint64(16, BigInt(file.length - headerBytes), true);
  view.setUint32(headerBytes - 4, crc32(file.subarray(0, headerBytes - 4)), true);
  return file;
}

const file = frame(sampleCheckpoint());
const tablesAt = headerBytes + streamEnd(file.subarray(headerBytes));

describe('frame and unframe', () => {
  test('everything comes back', () => {
    const { shard, next, ended, pipeline, sinks, stages } = unframe(file);
    expect({ shard, next, ended, pipeline }).toEqual({
      shard: 'log-0',
      next: 100,
      ended: false,
      pipeline: '{"name":"sample"}',
    });
    expect({ ...sinks }).toEqual({ 'out/a.ndjson': 12, 'out/b.arrow': 0 });
    expect(Object.entries(stages).map(([id, bundle]) => [id, Object.keys(bundle)])).toEqual([
      ['remember', ['rows', 'shared']],
      ['detect', ['rows', 'shared']],
    ]);
    expect(savedRows(stages.remember!.rows!).names).toEqual(['a', 'b', 'c']);
    expect(unframe(frame(sampleCheckpoint({ ended: true }))).ended).toBe(true);
  });

  test.each<[string, Partial<Checkpoint>]>([
    ['no stages', { stages: {} }],
    ['a stage without tables', { stages: { detect: {} } }],
    ['tables without rows', { stages: { detect: sampleBundle([]) } }],
    ['no outputs', { sinks: {} }],
    ['the largest offset', { next: Number.MAX_SAFE_INTEGER }],
    ['a shard of any text', { shard: '\ufeff😀/../"__proto__"' }],
    ['an empty pipeline', { pipeline: '' }],
  ])('%s is a checkpoint', (_, changes) => {
    const expected = sampleCheckpoint(changes);
    const { stages, ...found } = unframe(frame(expected));
    expect({ ...found, sinks: { ...found.sinks } }).toEqual({ ...expected, stages: undefined });
    const tables = Object.values(expected.stages).filter((bundle) => Object.keys(bundle).length > 0);
    expect(Object.keys(stages)).toHaveLength(tables.length);
  });

  test('names that mean something to objects are only names', () => {
    const stages = Object.fromEntries(['__proto__', 'constructor'].map((name) => [name, sampleBundle(['a'])]));
    const sinks = Object.fromEntries([['__proto__', 5]]);
    const found = unframe(frame(sampleCheckpoint({ stages, sinks })));
    expect([Object.keys(found.stages), Object.entries(found.sinks)]).toEqual([
      ['__proto__', 'constructor'],
      [['__proto__', 5]],
    ]);
    expect(found.stages.toString).toBeUndefined();
  });

  test('the same state gives the same bytes, in whatever order the outputs are named', () => {
    const again = sampleCheckpoint({ sinks: { 'out/b.arrow': 0, 'out/a.ndjson': 12 } });
    expect(Buffer.compare(frame(again), file)).toBe(0);
    expect(Buffer.compare(frame(unframe(file)), file)).toBe(0);
  });

  test('frozen it no longer looks at live state, and the room it is given need not be clean', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `key ${i}`);
    const { slab, keys } = filled(sampleLayout, names);
    const live = () => sampleCheckpoint({ stages: { remember: { rows: slabTable(slab, keys, owner) } } });
    const before = frame(live());
    const dirty = new Uint8Array(before.length).fill(255);
    const frozen = freeze(live(), (bytes) => dirty.subarray(0, bytes));
    for (let i = 0; i < slab.length; i++) slab.clear(i);
    keys.drop('key 7');
    const sealing = seal(frozen);
    while (!sealing.next().done);
    expect(Buffer.compare(dirty, before)).toBe(0);
    expect(Buffer.compare(frame(live()), before)).not.toBe(0);
  });

  test.each<[string, Partial<Checkpoint>, string]>([
    ['a negative offset', { next: -1 }, 'expected an offset of 0 or more to save at, got -1'],
    ['no offset', { next: Number.NaN }, 'expected an offset of 0 or more to save at, got NaN'],
    ['a mark that is no number', { sinks: { x: Number.NaN } }, 'output x: expected a whole number'],
    ['half a character', { shard: '\ud800' }, 'expected a name of whole characters'],
  ])('%s is not saved', (_, changes, message) => {
    expect(() => frame(sampleCheckpoint(changes))).toThrow(message);
  });
});

describe('damage', () => {
  test('a file cut at any byte is refused', () => {
    for (let bytes = 0; bytes < file.length; bytes++) {
      if (refusal(file.slice(0, bytes)) !== 'DamagedCheckpoint') throw new Error(`accepted when cut at ${bytes}`);
    }
    console.log(`cut at each of ${file.length} bytes: all refused`);
  }, 60_000);

  test('bytes behind the end are refused', () => {
    expect(refusal(Buffer.concat([file, Uint8Array.of(0)]))).toBe('DamagedCheckpoint');
  });

  test('20,000 single bit flips are refused', () => {
    const seed = 20_000;
    const next = numbersFrom(seed);
    const flipped = file.slice();
    for (let i = 0; i < 20_000; i++) {
      const bit = next() % (file.length * 8);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      if (refusal(flipped) !== 'DamagedCheckpoint') throw new Error(`seed ${seed}: accepted with bit ${bit} flipped`);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(refusal(flipped)).toBeUndefined();
    console.log(`20,000 of ${file.length * 8} bits flipped one at a time (seed ${seed}): all refused`);
  }, 60_000);

  test('every bit of the header counts', () => {
    for (let bit = 0; bit < headerBytes * 8; bit++) {
      const flipped = file.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(refusal(flipped)).toBe('DamagedCheckpoint');
    }
  });

  test('the format of another release is not damage', () => {
    const other = file.slice();
    new DataView(other.buffer).setUint32(8, 2, true);
    expect(() => unframe(sealed(other))).toThrow(StateMismatch);
    expect(() => unframe(other)).toThrow('expected a checkpoint of format 1, found format 2: open it with the release');
  });
});

describe('files whose checksums fit but which we did not write', () => {
  test('another program’s bytes are refused with the reason', () => {
    const text = Buffer.concat([file.subarray(0, headerBytes), Buffer.from('{"not":"arrow"}'.padEnd(800))]);
    expect(() => unframe(sealed(text))).toThrow(DamagedCheckpoint);
  });

  test('3,000 hostile changes: each opens, or is refused by name; none crashes, hangs or reads elsewhere', () => {
    const seed = 12;
    const next = numbersFrom(seed);
    const outcomes: Record<string, number> = {};
    for (let i = 0; i < 3000; i++) {
      const hostile = file.slice();
      for (let change = next() % 4; change >= 0; change--) {
        // Mostly behind the manifest, whose changes are soon found.
        const from = next() % 4 === 0 ? headerBytes : tablesAt;
        const at = from + (next() % (file.length - from));
        if (next() % 2 === 0) hostile[at] = next();
        else hostile.fill([0, 0xff, 0x7f][next() % 3] as number, at, at + 4);
      }
      const cut = next() % 4 === 0 ? hostile.slice(0, headerBytes + (next() % (file.length - headerBytes))) : hostile;
      let outcome = 'opened';
      try {
        const { stages } = unframe(sealed(cut));
        for (const bundle of Object.values(stages)) {
          for (const table of Object.values(bundle)) savedRows(table);
          const slab = new Slab(sampleLayout);
          openSlab(slab, bundle, 'rows', owner, { limit: 10, whenFull: 'reject' });
          slab.free();
        }
      } catch (error) {
        outcome = (error as Error).name;
        if (!['DamagedCheckpoint', 'StateMismatch'].includes(outcome)) {
          throw new Error(`seed ${seed}, case ${i}: ${(error as Error).stack}`);
        }
      }
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    console.log(`3,000 hostile files (seed ${seed}): ${JSON.stringify(outcomes)}`);
    expect(Object.keys(outcomes).sort()).toEqual(['DamagedCheckpoint', 'StateMismatch', 'opened']);
  }, 60_000);
});

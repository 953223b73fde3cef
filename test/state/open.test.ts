import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode, StateMismatch, slabTable, tableOf } from '../../state/arrow.js';
import type { Keys } from '../../state/keys.js';
import { f32, f64, type Layout, u8, u32 } from '../../state/layout.js';
import { openSlab } from '../../state/open.js';
import { Slab } from '../../state/slab.js';
import { bytesOfRow, filled, owner, sampleLayout } from './samples.js';

const policy = { limit: 10_000, whenFull: 'evict' } as const;
const saved = <L extends Layout>(slab: Slab<L>, keys: Keys | undefined) => ({
  rows: decode(encode(slabTable(slab, keys, owner))),
});

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(StateMismatch);
    return (error as Error).message;
  }
  throw new Error('expected a refusal');
}

describe('openSlab', () => {
  test('every scalar type comes back bit by bit, with all its NaN, infinities and zeros', () => {
    const { slab, keys } = filled(sampleLayout, ['a', 'b']);
    const [a, b] = [slab.row(0), slab.row(1)];
    new BigUint64Array(a.weights.buffer, a.weights.byteOffset, 3).set([
      0x7ff8_0000_0000_0123n, // a quiet NaN with a payload
      0x7ff0_0000_0000_0001n, // a signalling NaN
      0xfff8_0000_0000_0000n, // a negative NaN
    ]);
    b.weights.set([-0, Number.POSITIVE_INFINITY, Number.MIN_VALUE]);
    new Uint32Array(a.part.level.buffer, a.part.level.byteOffset, 2).set([0x7fc0_0123, 0x8000_0000]);
    a.part.inner.sign[0] = -(2 ** 31);
    a.seen[0] = 2 ** 32 - 1;
    const again = new Slab(sampleLayout);
    openSlab(again, saved(slab, keys), 'rows', owner, policy);
    expect([0, 1].map((row) => bytesOfRow(again.row(row)))).toEqual([bytesOfRow(a), bytesOfRow(b)]);
    expect(Object.is(again.row(1).weights[0], -0)).toBe(true);
  });

  test('any rows and keys come back, and saving them again gives the same bytes', () => {
    const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(texts, fc.nat(), fc.array(fc.nat(399), { maxLength: 20 }), (names, seed, uses) => {
        const { slab, keys } = filled(sampleLayout, names, seed);
        uses.forEach((at, turn) => {
          const name = names[at % Math.max(1, names.length)];
          if (name !== undefined) turn % 3 === 0 ? keys.drop(name) : keys.find(name);
        });
        const again = new Slab(sampleLayout);
        const opened = openSlab(again, saved(slab, keys), 'rows', owner, policy);
        expect([...opened.entries()]).toEqual([...keys.entries()]);
        for (let row = 0; row < slab.length; row++) {
          expect(bytesOfRow(again.row(row))).toBe(bytesOfRow(slab.row(row)));
        }
        const [before, after] = [slabTable(slab, keys, owner), slabTable(again, opened, owner)].map(encode);
        expect(Buffer.compare(before!, after!)).toBe(0);
        slab.free();
        again.free();
      }),
      { numRuns: 50 },
    );
  });

  test('rows come back wherever the table was cut: one batch of 300 into pages of 1, 1, 2, 4 …', () => {
    const numbers = Uint32Array.from({ length: 300 }, (_, i) => i);
    const metadata = { stage: owner.id, version: owner.version, layout: 'x: u32[1]' };
    const rows = tableOf({ key: Array.from(numbers, String), rank: numbers, x: numbers.slice() }, metadata);
    const slab = new Slab({ x: u32() });
    const keys = openSlab(slab, { rows: decode(encode(rows)) }, 'rows', owner, policy);
    expect(slab.pages.length).toBeGreaterThan(8);
    expect(Array.from(numbers, (_, row) => slab.row(row).x[0])).toEqual([...numbers]);
    expect([...keys.entries()]).toEqual(Array.from(numbers, (row) => [String(row), row]));
  });

  test('rows that belong to all keys come back', () => {
    const { slab } = filled({ total: f64() }, ['one']);
    slab.row(0).total[0] = 5;
    const again = new Slab({ total: f64() });
    const keys = openSlab(again, saved(slab, undefined), 'rows', owner, policy);
    expect([again.length, again.row(0).total[0], keys.size]).toEqual([1, 5, 0]);
  });

  test('state of another layout is refused: of both layouts the fields that differ are printed, and no others', () => {
    const { slab, keys } = filled({ seen: f64(), mean: f64(2), old: u8() }, ['a']);
    const other = new Slab({ seen: f64(), mean: f64(3), part: { fresh: f32() } });
    expect(refusal(() => openSlab(other, saved(slab, keys), 'rows', owner, policy))).toBe(
      `step remember: the checkpoint holds other state than this pipeline keeps: expected remember, version sample 1, found remember, version sample 1.
3 of 4 fields differ:
  mean: expected f64[3], found f64[2]
  part.fresh: expected f32[1], found none
  old: expected none, found u8[1]
Run the pipeline it was saved by, or start fresh in another state folder.`,
    );
    expect(other.length).toBe(0);
  });

  test('of many fields that differ twelve are printed, and how many more there are', () => {
    const layout = (length: number) => Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, f64(length)]));
    const { slab, keys } = filled(layout(1), ['a']);
    const lines = refusal(() => openSlab(new Slab(layout(2)), saved(slab, keys), 'rows', owner, policy)).split('\n');
    expect(lines.filter((line) => line.startsWith('  f'))).toHaveLength(12);
    expect([lines[1], lines.at(-2)]).toEqual(['20 of 20 fields differ:', '  and 8 more']);
  });

  test('the same fields in another order are another layout', () => {
    const { slab, keys } = filled({ a: f64(), b: f64() }, ['k']);
    const message = refusal(() => openSlab(new Slab({ b: f64(), a: f64() }), saved(slab, keys), 'rows', owner, policy));
    expect(message).toContain('The fields are the same in another order: as number 1 expected b, found a.\nRun');
  });

  test('another version, step, table or a lower limit is refused', () => {
    const { slab, keys } = filled({ x: f64() }, ['a', 'b', 'c']);
    const bundle = saved(slab, keys);
    const open = (changes: { id?: string; version?: string }, name = 'rows', limit = 9) =>
      refusal(() => openSlab(new Slab({ x: f64() }), bundle, name, { ...owner, ...changes }, { ...policy, limit }));
    expect(open({ version: 'sample 2' })).toContain(
      'expected remember, version sample 2, found remember, version sample 1.\nThe fields are the same (1), ',
    );
    expect(open({ id: 'detect' })).toContain('expected detect, version sample 1, found remember, version sample 1.');
    expect(open({}, 'shared')).toBe('step remember: expected a table "shared" in the checkpoint, found rows');
    expect(open({}, 'constructor')).toContain('expected a table "constructor"');
    expect(open({}, 'rows', 2)).toContain('expected at most 2 keys (keys.limit), found 3 in the checkpoint: raise');
  });

  test('a slab that holds rows is not opened over them', () => {
    const { slab, keys } = filled({ x: f64() }, ['a']);
    expect(() => openSlab(slab, saved(slab, keys), 'rows', owner, policy)).toThrow('expected an empty slab');
  });
});

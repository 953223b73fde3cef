import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena } from '../../state/arena.js';
import { f32, f64, type Layout, u8, u32 } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';
import { sampleLayout } from './samples.js';

describe('Slab', () => {
  test('rows begin as zeros, are the same object at every call and keep their bytes while others come', () => {
    const slab = new Slab(sampleLayout, new Arena());
    const first = slab.row(slab.add());
    expect([...first.weights, ...first.part.inner.codes]).toEqual(Array(8).fill(0));
    first.weights.set([1, 2, 3]);
    first.part.inner.codes.fill(9);
    for (let i = 1; i < 5000; i++) {
      const row = slab.row(slab.add());
      row.weights.fill(i);
      row.part.inner.codes.fill(i);
    }
    expect(slab.row(0)).toBe(first);
    expect([...first.weights, ...first.part.inner.codes]).toEqual([1, 2, 3, 9, 9, 9, 9, 9]);
    expect([...slab.row(4321).weights]).toEqual([4321, 4321, 4321]);
  });

  test('memory is never more than twice what the rows need, for one row or many', () => {
    for (const layout of [{ x: f64(256) }, { x: f64(8), y: u8(64) }]) {
      const arena = new Arena();
      const slab = new Slab(layout, arena);
      const bytes = layout.x.length * 8 + ('y' in layout ? 64 : 0);
      for (let rows = 1; rows <= 3000; rows++) {
        slab.add();
        expect(slab.bytes).toBeLessThanOrEqual(2 * rows * bytes);
      }
      expect(arena.usedBytes).toBe(slab.bytes);
      expect(slab.pages.every(({ bytes }) => bytes <= 1 << 20)).toBe(true);
    }
  });

  test('rows larger than a page are each a page', () => {
    const slab = new Slab({ x: f64(100_000) }, new Arena());
    slab.add();
    slab.row(slab.add()).x[99_999] = 1;
    expect([slab.pageRows, slab.pages.length, slab.row(1).x[99_999], slab.row(0).x[99_999]]).toEqual([1, 2, 1, 0]);
  });

  test('a layout without fields has rows without fields', () => {
    const arena = new Arena();
    const slab = new Slab({ part: {} }, arena);
    for (let i = 0; i < 3000; i++) slab.add();
    expect(slab.row(2999)).toEqual({ part: {} });
    slab.clear(2999);
    expect(arena.usedBytes).toBe(slab.bytes);
    slab.free();
    expect(arena.usedBytes).toBe(0);
  });

  test.each([-1, 1, 0.5, Number.NaN])('row %s of one row is refused', (index) => {
    const slab = new Slab({ x: f64() }, new Arena());
    slab.add();
    expect(() => slab.row(index)).toThrow(`row ${index} of a slab of 1 rows`);
  });

  test('the limit of the arena stops growth; the rows there are stay good', () => {
    const slab = new Slab({ x: f64(8) }, new Arena(64 * 4));
    for (let i = 0; i < 4; i++) slab.row(slab.add()).x.fill(i);
    expect(() => slab.add()).toThrow('but the limit is 256');
    expect(() => slab.add()).toThrow('but the limit is 256');
    expect(slab.length).toBe(4);
    expect([0, 1, 2, 3].map((i) => slab.row(i).x[7])).toEqual([0, 1, 2, 3]);
  });

  test('free gives everything back, and the next slab begins with zeros', () => {
    const arena = new Arena();
    for (let round = 0; round < 5; round++) {
      const slab = new Slab(sampleLayout, arena);
      for (let i = 0; i < 2500; i++) {
        const row = slab.row(slab.add());
        expect(row.mean[0]).toBe(0);
        row.mean[0] = 1;
      }
      slab.free();
      expect([arena.usedBytes, slab.length]).toEqual([0, 0]);
      expect(() => slab.row(0)).toThrow('row 0 of a slab of 0 rows');
    }
    expect(arena.buffer.byteLength).toBeLessThan(1 << 19);
  });

  const fields = fc.constantFrom(f64(), f32(), u32(), u8(), f64(3), u8(7), f32(5));
  const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'é', '1', '0');
  const layouts: fc.Arbitrary<Layout> = fc
    .uniqueArray(fc.tuple(names, fc.oneof(fields, fc.dictionary(fc.constantFrom('x', 'y'), fields))), {
      selector: ([name]) => name,
      maxLength: 5,
    })
    .map((entries) => Object.fromEntries(entries));

  test('behaves like a list of plain rows, for any layout and any order of writes', () => {
    fc.assert(
      fc.property(
        layouts,
        fc.array(fc.tuple(fc.nat(3), fc.nat(999), fc.nat(255)), { maxLength: 200, size: 'max' }),
        (layout, steps) => {
          const arena = new Arena();
          const slab = new Slab(layout, arena);
          const model: number[] = [];
          for (const [kind, at, value] of steps) {
            if (kind <= 1 || model.length === 0) {
              expect(slab.add()).toBe(model.length);
              model.push(0);
              continue;
            }
            const index = at % model.length;
            if (kind === 2) slab.clear(index);
            else write(slab.row(index), value);
            model[index] = kind === 2 ? 0 : value;
          }
          expect(slab.length).toBe(model.length);
          model.forEach((value, index) => {
            expect(read(slab.row(index)).every((found) => found === value)).toBe(true);
          });
          slab.free();
          expect(arena.usedBytes).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

const parts = (row: object): Float64Array[] =>
  Object.values(row).flatMap((part) => (ArrayBuffer.isView(part) ? [part as Float64Array] : parts(part as object)));
const write = (row: object, value: number): void => {
  for (const part of parts(row)) part.fill(value);
};
const read = (row: object): number[] => parts(row).flatMap((part) => [...part]);

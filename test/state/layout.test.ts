import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  columns,
  describe as describeLayout,
  type Field,
  f32,
  f64,
  i32,
  isField,
  type Row,
  rowBytes,
  u8,
  u32,
} from '../../state/layout.js';
import { sampleLayout } from './samples.js';

describe('layouts', () => {
  test('parts are flattened in the order they are written', () => {
    expect(columns(sampleLayout).map(({ path }) => path)).toEqual([
      'mean',
      'weights',
      'seen',
      'part.level',
      'part.inner.sign',
      'part.inner.codes',
    ]);
    expect(rowBytes(sampleLayout)).toBe(8 + 24 + 4 + 8 + 4 + 5);
    expect(describeLayout({ a: f64(), b: { c: u8(4) } })).toBe('a: f64[1]\nb.c: u8[4]');
  });

  test('a layout may be empty', () => {
    expect([columns({}), rowBytes({}), describeLayout({ part: {} })]).toEqual([[], 0, '']);
  });

  test('parts named of and length are parts, not fields', () => {
    const layout = { part: { of: i32(), length: u32() } };
    expect(isField(layout.part)).toBe(false);
    expect(columns(layout).map(({ path }) => path)).toEqual(['part.of', 'part.length']);
  });

  test.each([0, -1, 1.5, Number.NaN])('a field of length %s is refused with its path', (length) => {
    expect(() => columns({ part: { x: f64(length) } })).toThrow(
      `layout field part.x: expected a length of at least 1, got ${length}`,
    );
  });

  test.each(['', 'a.b', 'a b', 'a:b', '\ufeffa', 'key', 'rank'])('a field may not be called %j', (name) => {
    expect(() => columns({ [name]: f64() })).toThrow(
      `layout field ${JSON.stringify(name)}: expected a name without dots, colons and spaces that is not key or rank`,
    );
  });

  test('inside a part a field may be called key', () => {
    expect(columns({ part: { key: f64(), rank: f64() } })).toHaveLength(2);
  });

  test('another scalar is refused', () => {
    const wrong = { of: 'f16', length: 1 } as unknown as Field;
    expect(() => columns({ x: wrong })).toThrow('layout field x: expected one of f64, f32, i32, u32, u8, got f16');
    expect(() => columns({ x: { of: 'toString', length: 1 } as unknown as Field })).toThrow('expected one of f64');
  });

  test('the type of a row follows its layout', () => {
    const layout = { a: f64(), part: { b: f32(), c: u8() } };
    expectTypeOf<Row<typeof layout>['a']>().toEqualTypeOf<Float64Array>();
    expectTypeOf<Row<typeof layout>['part']['c']>().toEqualTypeOf<Uint8Array>();
    // @ts-expect-error: there is no field d
    expectTypeOf<Row<typeof layout>['d']>().toBeNever();
  });
});

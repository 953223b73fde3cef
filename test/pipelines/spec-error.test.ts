import { describe, expect, test } from 'vitest';
import { explain, place, shown } from '../../pipelines/spec-error.js';

describe('what is wrong with a spec', () => {
  test.each([
    ['', ['stages', 3, 'horizons', 1], 'stages[3].horizons[1]'],
    ['stages[0].detect', ['falseAlarms', 'per'], 'stages[0].detect.falseAlarms.per'],
    ['a', [], 'a'],
  ])('%j then %j is at %s', (path, parts, text) => expect(place(path, parts)).toBe(text));
  test('values are shown, but not at length', () => {
    expect(shown('x'.repeat(100))).toHaveLength(60);
    expect([shown(undefined), shown(null), shown({ a: 1 })]).toEqual(['undefined', 'null', '{"a":1}']);
  });
  test('a misspelt name is told before the missing one it stands for', () =>
    expect(
      explain(
        [
          { code: 'invalid_type', path: ['memory'], message: '', expected: 'string' },
          { code: 'unrecognized_keys', path: [], message: '', keys: ['memroy'] },
        ],
        { memroy: 'x' },
        'stages[0].remember',
        ['memory', 'horizons'],
      ),
    ).toBe('stages[0].remember.memroy: expected one of memory, horizons, got "memroy" (did you mean "memory"?)'));
  test('of several forms the one that got furthest is explained', () =>
    expect(
      explain(
        [
          {
            code: 'invalid_union',
            path: ['a'],
            message: '',
            errors: [
              [{ code: 'invalid_type', path: [], message: '', expected: 'number' }],
              [{ code: 'too_small', path: ['b'], message: '', minimum: 1, inclusive: true }],
            ],
          },
        ],
        { a: { b: 0 } },
        'x',
        [],
      ),
    ).toBe('x.a.b: expected a number of at least 1, got 0'));
  test('what it does not know it passes on', () =>
    expect(explain([{ code: 'custom', path: ['a'], message: 'must be even' }], { a: 3 }, '', [])).toBe(
      'a: must be even, got 3',
    ));
});

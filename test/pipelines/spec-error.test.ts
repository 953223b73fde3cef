import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { explain, type Issue, place as placed, shown } from '../../pipelines/spec-error.js';

describe('what is wrong with a spec', () => {
  test.each([
    ['', ['stages', 3, 'horizons', 1], 'stages[3].horizons[1]'],
    ['stages[0].detect', ['falseAlarms', 'per'], 'stages[0].detect.falseAlarms.per'],
    ['a', [], 'a'],
  ])('%j then %j is at %s', (path, parts, text) => expect(placed(path, parts)).toBe(text));
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
        z.object({ memory: z.string(), horizons: z.array(z.int()) }),
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
        z.object({}),
      ),
    ).toBe('x.a.b: expected a number of at least 1, got 0'));
  const place = z.union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })]);
  const nested = z.strictObject({
    rules: z.array(z.strictObject({ name: z.string() })).optional(),
    sinks: z.record(z.string(), z.strictObject({ path: z.string() })).optional(),
    password: place.optional(),
  });
  test.each([
    [{ rules: [{ nam: 'x' }] }, 'rules[0].nam: expected one of name, got "nam" (did you mean "name"?)'],
    [{ sinks: { a: { paht: 'x' } } }, 'sinks.a.paht: expected one of path, got "paht" (did you mean "path"?)'],
    [{ password: 'x' }, 'password: expected {"env": …} or {"file": …}, got "x"'],
    [{ password: 7 }, 'password: expected {"env": …} or {"file": …}, got 7'],
  ])('%j: fields of the place itself are named, however deep', (value, sentence) => {
    const issues = nested.safeParse(value).error?.issues as unknown as Issue[];
    expect(explain(issues, value, '', nested)).toBe(sentence);
  });
  test('what it does not know it passes on', () =>
    expect(explain([{ code: 'custom', path: ['a'], message: 'must be even' }], { a: 3 }, '', z.object({}))).toBe(
      'a: must be even, got 3',
    ));
});

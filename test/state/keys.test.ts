import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKey, type KeyLimit, Keys } from '../../state/keys.js';

const strange = [
  '',
  '__proto__',
  'constructor',
  'ключ',
  '日本',
  '\ufeffa',
  'a',
  '😀',
  ' ',
  'a\u0000',
  'x'.repeat(100_000),
];

describe('Keys', () => {
  test('any text is a key of its own', () => {
    const keys = new Keys();
    strange.forEach((name, row) => {
      expect(keys.admit(name)).toBe(row);
    });
    strange.forEach((name, row) => {
      expect(keys.find(name)).toBe(row);
    });
    expect(keys.find('toString')).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('half a surrogate pair is no key: UTF-8 could not bring it back', () => {
    expect([isKey('😀'), isKey('\ud83d'), isKey('a\ude00'), isKey('')]).toEqual([true, false, false, true]);
    expect(() => new Keys().admit('\ud83d')).toThrow('half a surrogate pair');
  });

  test('reject: at the limit further keys get no row, known ones keep theirs', () => {
    const keys = new Keys({ limit: 2, whenFull: 'reject' });
    expect(['a', 'b', 'c'].map((key) => keys.admit(key))).toEqual([0, 1, undefined]);
    expect([keys.find('a'), keys.find('c'), keys.size]).toEqual([0, undefined, 2]);
  });

  test('evict: the key unseen for longest makes room', () => {
    const keys = new Keys({ limit: 2, whenFull: 'evict' });
    keys.admit('a');
    keys.admit('b');
    keys.find('a');
    expect(keys.admit('c')).toBe(1);
    expect([...keys.entries()]).toEqual([
      ['a', 0],
      ['c', 1],
    ]);
  });

  test('a key is admitted once', () => {
    const keys = new Keys();
    keys.admit('a');
    expect(() => keys.admit('a')).toThrow('expected a new key, got "a", which has a row');
  });

  test.each([0, -1, 1.5, Number.NaN])('a limit of %s is refused', (limit) => {
    expect(() => new Keys({ limit, whenFull: 'reject' })).toThrow('keys.limit: expected a whole number of at least 1');
  });

  test('another policy is refused', () => {
    const policy = { limit: 1, whenFull: 'forget' } as unknown as KeyLimit;
    expect(() => new Keys(policy)).toThrow('keys.whenFull: expected "reject" or "evict", got "forget"');
  });

  test.each<[string, (string | null)[], number[], number, string]>([
    ['a row twice', ['a', 'b'], [0, 0], 9, 'expected one row for every key, got row 0 for "a"'],
    ['a key twice', ['a', 'a'], [0, 1], 9, 'expected one row for every key, got row 1 for "a"'],
    ['a row that is free', ['a', null], [0, 1], 9, 'expected one row for every key, got row 1 for null'],
    ['a row that is not there', ['a'], [0, 7], 9, 'expected one row for every key, got row 7 for undefined'],
    ['a key without an order', ['a', 'b'], [0], 9, 'expected every key in the order once, got 1 of 2 rows'],
    ['more keys than the limit', ['a', 'b'], [0, 1], 1, 'keys.limit: expected at least the 2 keys saved, got 1'],
  ])('%s cannot be opened', (_, names, order, limit, message) => {
    expect(() => Keys.of(names, order, { limit, whenFull: 'reject' })).toThrow(message);
  });

  const steps = fc.array(fc.tuple(fc.constantFrom('use', 'use', 'use', 'drop', 'reopen'), fc.nat(9)), {
    maxLength: 120,
    size: 'max',
  });

  test('behaves like a list ordered by last use, whatever is saved and opened in between', () => {
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom('evict', 'reject'),
        (steps, limit, whenFull) => {
          const policy = { limit, whenFull } as KeyLimit;
          let keys = new Keys(policy);
          const undisturbed = new Keys(policy);
          let model: string[] = [];
          for (const [act, number] of steps) {
            const name = strange[number] as string;
            const known = model.includes(name);
            if (act === 'reopen') {
              keys = Keys.of(keys.names, keys.order, policy);
            } else if (act === 'drop') {
              for (const each of [keys, undisturbed]) each.drop(name);
              model = model.filter((other) => other !== name);
            } else {
              const rows = [keys, undisturbed].map((each) => each.find(name) ?? each.admit(name));
              expect(rows[0]).toBe(rows[1]);
              const full = !known && model.length >= limit;
              expect(rows[0] === undefined).toBe(full && whenFull === 'reject');
              if (full && whenFull === 'evict') model.shift();
              if (known && whenFull === 'evict') model = [...model.filter((other) => other !== name), name];
              if (!known && !(full && whenFull === 'reject')) model.push(name);
            }
            expect([...keys.entries()]).toEqual([...undisturbed.entries()]);
            expect([...keys.entries()].map(([key]) => key)).toEqual(model);
            expect(new Set(keys.order).size).toBe(model.length);
            for (const [key, row] of keys.entries()) expect(keys.names[row]).toBe(key);
          }
          expect(keys.size).toBe(model.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

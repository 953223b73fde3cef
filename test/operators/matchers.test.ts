import { describe, expect, test } from 'vitest';
import { fits, labelsOfKey, matcherOf } from '../../operators/matchers.js';

describe('a pattern', () => {
  test.each([
    ['pump-*', 'pump-1', true],
    ['pump-*', 'a pump-1', false],
    ['*', '', true],
    ['', 'x', false],
    ['*-1?', 'pump-12', true],
    ['*-1?', 'pump-1', false],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
    ['a.c', 'abc', false],
  ])('%s against %s: %s', (pattern, text, expected) => expect(fits(pattern, text)).toBe(expected));

  test('made to be slow takes time by the product of the lengths, not by their power', () => {
    const text = 'a'.repeat(20_000);
    expect(fits(`${'a*'.repeat(200)}b`, text)).toBe(false);
  });
});

describe('matchers', () => {
  const labels = { key: 'north/pump-1', severity: 'major' };
  test.each([
    [{}, true],
    [{ key: 'north/*' }, true],
    [{ key: ['south/*', '*pump-1'] }, true],
    [{ key: { not: 'north/*' } }, false],
    [{ key: 'north/*', severity: 'critical' }, false],
    [{ site: '' }, true],
    [{ site: '?*' }, false],
    [{ site: { not: ['a', 'b'] } }, true],
  ])('%j', (matchers, expected) => expect(matcherOf(matchers, 'match')(labels)).toBe(expected));

  test('ask only for labels an object has itself', () =>
    expect(matcherOf({ toString: '' }, 'match')(labels)).toBe(true));

  test.each([
    [{ key: 3 }, 'match.key: expected a text such as "pump-*"'],
    [{ key: [] }, 'match.key: expected a text such as "pump-*"'],
    [{ 'a b': 'x' }, 'match.a b: expected a label of letters'],
    [JSON.parse('{"__proto__": "x"}'), 'match.__proto__: expected a label'],
  ])('that are none are refused: %j', (matchers, message) =>
    expect(() => matcherOf(matchers as never, 'match')).toThrow(message),
  );
});

describe('labels of a key', () => {
  test.each([
    ['{site}/{machine}', 'north/pump-1/a', { site: 'north', machine: 'pump-1/a' }],
    ['{site}/{machine}', 'north', {}],
    ['m-{machine}.csv', 'm-7.csv', { machine: '7' }],
    ['m-{machine}.csv', 'm-7.txt', {}],
    ['m-{machine}.csv', 'm-.csv', { machine: '' }],
    ['aa{x}aa', 'aaa', {}],
  ])('%s of %s', (template, key, labels) => expect(labelsOfKey(template, 't')(key)).toEqual(labels));

  test.each(['site', '{a}{b}', '{a}/{a}', '{}'])('template %s is refused', (template) =>
    expect(() => labelsOfKey(template, 'alert.keyLabels')).toThrow(/alert.keyLabels: expected/),
  );
});

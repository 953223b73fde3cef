import { describe, expect, test } from 'vitest';
import { checkNames, checkNumber, checkWord } from '../../operators/options.js';

describe('options', () => {
  test('a number must keep its rule', () => {
    expect(() => checkNumber('x.y', 3, { min: 3, max: 3, whole: true })).not.toThrow();
    expect(() => checkNumber('x.y', 2, { min: 3 })).toThrow(/^x\.y: expected a number of at least 3, got 2$/);
    expect(() => checkNumber('x.y', 4, { max: 3 })).toThrow(/^x\.y: expected a number of at most 3, got 4$/);
    expect(() => checkNumber('x.y', 1.5, { min: 1, max: 2, whole: true })).toThrow(
      /whole number of at least 1 and at most 2/,
    );
    expect(() => checkNumber('x.y', 0.1, { above: 0 })).not.toThrow();
    expect(() => checkNumber('x.y', 0, { above: 0 })).toThrow(/^x\.y: expected a number of more than 0, got 0$/);
    for (const none of ['3', null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => checkNumber('x.y', none)).toThrow(RangeError);
    }
  });

  test('a word must be known', () => {
    expect(() => checkWord('x.y', 'a', ['a', 'b'])).not.toThrow();
    expect(() => checkWord('x.y', 'c', ['a', 'b'])).toThrow(/^x\.y: expected one of a, b, got "c"$/);
  });

  test('a name that no option has is refused', () => {
    expect(() => checkNames('x', { y: 1 }, ['y', 'z'])).not.toThrow();
    expect(() => checkNames('x', { yy: 1 }, ['y', 'z'])).toThrow(/x\.yy.*y, z/);
  });
});

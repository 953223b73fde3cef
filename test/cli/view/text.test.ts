import { describe, expect, test } from 'vitest';
import { cut, padEnd, padStart, paint, plain, widthOf } from '../../../cli/view/text.js';

describe('text on a terminal', () => {
  test.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['\u001B[31mred\u001B[0m', 3],
    ['', 0],
  ])('%j takes %d columns', (text, width) => expect(widthOf(text)).toBe(width));
  test.each([
    ['abcdef', 4, 'abc…'],
    ['abcd', 4, 'abcd'],
    ['日本語', 4, '日…'],
    ['日本語', 5, '日本…'],
  ])('%j in %d columns is %j', (text, width, shown) => expect(cut(text, width)).toBe(shown));
  test('padding counts columns, not characters', () => {
    expect(padEnd('日', 4)).toBe('日  ');
    expect(padStart('日', 4)).toBe('  日');
  });
  test('what comes from outside cannot steer the terminal', () =>
    expect(plain('a\u001B[2Jb\u009B0m\nc')).toBe('a\\x1b[2Jb\\x9b0m c'));
  test('no colours where there are none', () => {
    expect(paint(false).critical('x')).toBe('x');
    expect(paint(true).critical('x')).toBe('\u001B[1;35mx\u001B[0m');
  });
});

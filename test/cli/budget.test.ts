import { expect, test } from 'vitest';
import { budgetOf, parseBytes } from '../../cli/budget.js';

const parse = parseBytes('--state-bytes');

test.each([
  ['65536', 65_536],
  ['3GiB', 3 * 2 ** 30],
  ['1.5 MiB', 1.5 * 2 ** 20],
  ['500MB', 5e8],
  ['64kB', 64_000],
])('%s is %i bytes', (text, bytes) => expect(parse(text)).toBe(bytes));

test.each(['', '0', '-1', '3 GiBs', 'GiB', '1e9', '0.2'])('%j is refused', (text) => {
  expect(() => parse(text)).toThrow('--state-bytes: expected bytes such as 3GiB, 500MB or 65536, got');
});

test('only what is given is a budget', () => {
  expect(budgetOf({})).toEqual({});
  expect(budgetOf({ keyBytes: 5 })).toEqual({ budget: { keyBytes: 5 } });
});

import { expect, test } from 'vitest';
import { numberOf, refusal } from '../../connectors/number-cell.js';

test.each<[unknown, number]>([
  ['1.5', 1.5],
  [' -2e3 ', -2000],
  ['', Number.NaN],
  [' N/A ', Number.NaN],
  [null, Number.NaN],
  [undefined, Number.NaN],
  [true, 1],
  [7n, 7],
  ['0x1F', refusal],
  ['1e400', refusal],
  ['high', refusal],
  [Number.NEGATIVE_INFINITY, refusal],
  [{}, refusal],
])('%o is %d', (cell, value) => expect(numberOf(cell)).toBe(value));

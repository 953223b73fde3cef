import { describe, expect, test } from 'vitest';
import { wordOf } from '../../connectors/word-cell.js';
import { wordBytesMax } from '../../event.js';

describe('word of a cell', () => {
  test('text, numbers and flags are words, nothing is none', () => {
    expect([' open ', 7, true, 12n, '', '  ', null, undefined].map(wordOf)).toEqual([
      ...['open', '7', 'true', '12'],
      ...[undefined, undefined, undefined, undefined],
    ]);
  });
  test('long words fit, keep their beginning, and stay different', () => {
    const long = 'ä'.repeat(200);
    const [a, b] = [wordOf(`${long}1`), wordOf(`${long}2`)] as [string, string];
    expect(a.startsWith('ää')).toBe(true);
    expect(a).not.toBe(b);
    expect(wordOf(`${long}1`)).toBe(a);
    for (const word of [a, b]) {
      expect(Buffer.byteLength(word)).toBeLessThanOrEqual(wordBytesMax);
      expect(word).not.toContain('\ufffd');
    }
    expect(wordOf('x'.repeat(wordBytesMax))).toBe('x'.repeat(wordBytesMax));
  });
});

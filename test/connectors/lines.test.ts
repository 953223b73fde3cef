import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lines, lineCharsMax } from '../../connectors/lines.js';

const all = (pieces: readonly string[]): [string, number, boolean][] => {
  const lines = new Lines();
  const found: [string, number, boolean][] = [];
  const drain = () => {
    while (lines.next()) found.push([String(lines), lines.line, lines.cut]);
  };
  for (const piece of pieces) {
    lines.push(piece);
    drain();
  }
  lines.finish();
  drain();
  return found;
};

test('lines end with LF or CRLF; the last may have no end', () => {
  expect(all(['a\r\nb\n\nc'])).toEqual([
    ['a', 1, false],
    ['b', 2, false],
    ['', 3, false],
    ['c', 4, true],
  ]);
  expect(all([''])).toEqual([]);
});

test('pieces make no difference', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\n', '\r', 'bc', '\r\n')), (pieces) => {
      expect(all(pieces)).toEqual(all([pieces.join('')]));
    }),
  );
});

test('a line can be joined to the next and taken back', () => {
  const lines = new Lines();
  lines.push('a\nb\r\nc');
  lines.next();
  expect(lines.extend()).toBe('more');
  expect(String(lines)).toBe('a\nb');
  expect(lines.extend()).toBe('wait');
  lines.back();
  lines.next();
  expect([String(lines), lines.line]).toEqual(['a', 1]);
  lines.next();
  lines.finish();
  lines.next();
  expect([String(lines), lines.line, lines.cut]).toEqual(['c', 3, true]);
  expect(lines.extend()).toBe('end');
});

test('a line above the limit is dropped as it comes, only its beginning is kept', () => {
  const lines = new Lines();
  const part = 'x'.repeat(lineCharsMax);
  for (let i = 0; i < 5; i++) {
    lines.push(part);
    expect(lines.next()).toBe(false);
    expect(lines.text.length).toBeLessThanOrEqual(2 * lineCharsMax);
  }
  lines.push('\nnext\n');
  expect([lines.next(), lines.long, lines.line, lines.end - lines.start]).toEqual([true, true, 1, 4096]);
  expect([lines.next(), lines.long, lines.line, String(lines)]).toEqual([true, false, 2, 'next']);
});

import { expect, test } from 'vitest';
import { addTo, digestText, emptyDigest, noteText, readNote } from '../../pipelines/kafka-digest.js';

test('the digest tells order, kind, key and value of all rows', () => {
  const of = (rows: ['results' | 'anomalies' | 'rejects', string, string][]) => {
    const digest = { ...emptyDigest };
    for (const [kind, key, value] of rows) addTo(digest, kind, Buffer.from(key), Buffer.from(value));
    return digestText(digest);
  };
  const base = of([
    ['results', 'a', '1'],
    ['results', 'b', '2'],
  ]);
  expect(base).toMatch(/^[0-9a-f]{24}-2$/);
  for (const other of [
    of([['results', 'a', '1']]),
    of([
      ['results', 'b', '2'],
      ['results', 'a', '1'],
    ]),
    of([
      ['results', 'a', '1'],
      ['anomalies', 'b', '2'],
    ]),
    of([
      ['results', 'a', '1'],
      ['results', 'b', '3'],
    ]),
  ]) {
    expect(other).not.toBe(base);
  }
  // Kinds do not mix: results first or rejects first, as the cutting of the log has it, is the same.
  expect(
    of([
      ['rejects', 'x', 'y'],
      ['results', 'a', '1'],
    ]),
  ).toBe(
    of([
      ['results', 'a', '1'],
      ['rejects', 'x', 'y'],
    ]),
  );
});

test('a note is read back; what others wrote is none', () => {
  const note = { begin: 5, checkpoint: -1, digest: digestText(emptyDigest) };
  expect(readNote(noteText(note))).toEqual(note);
  expect(readNote(noteText({ ...note, partitions: 8 }))).toEqual({ ...note, partitions: 8 });
  for (const text of ['', 'hello', 'b=1;cp=2', 'b=1;cp=2;d=zz-1']) expect(readNote(text)).toBeUndefined();
});

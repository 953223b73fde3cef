import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Reject, Result } from '../../event.js';
import { dailyCsv, engram, folder } from './command.js';

const rows = <T>(path: string): T[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);

/** Offsets of a log that are in none of the lists, and those that are in more than one place. */
function lost(length: number, ...places: readonly number[][]): { none: number[]; twice: number[] } {
  const times = new Map<number, number>();
  for (const offset of places.flat()) times.set(offset, (times.get(offset) ?? 0) + 1);
  const all = Array.from({ length }, (_, offset) => offset);
  return {
    none: all.filter((offset) => !times.has(offset)),
    twice: all.filter((offset) => (times.get(offset) ?? 0) > 1),
  };
}

/** A log with one row of each kind that a source or a step refuses. */
function dirty(): { text: string; length: number } {
  const [head, ...good] = dailyCsv(60).trimEnd().split('\n');
  const bad = [
    'x,1',
    '2024-01-01T00:00:00Z,warm',
    '2024-01-02',
    '2024-01-02T00:00:00Z,1,2',
    '2024-01-01T00:00:00Z,5',
    '2090-01-01T00:00:00Z,5',
  ];
  const lines = good.flatMap((line, i) => (i % 10 === 9 ? [line, bad[(i - 9) / 10]] : [line]));
  return { text: `${[head, ...lines].join('\n')}\n`, length: lines.length };
}

test('every row of a dirty log is in the outputs or in the rejects, and in one of them only', async () => {
  const here = folder();
  const { text, length } = dirty();
  writeFileSync(join(here, 'log.csv'), text);
  const out = join(here, 'f.ndjson');
  expect((await engram(['replay', join(here, 'log.csv'), '--pipeline', 'light', '--quiet', '--out', out])).code).toBe(
    0,
  );
  const used = rows<Result>(out).map(({ offset }) => offset);
  const refused = rows<Reject>(join(here, 'rejects.ndjson')).map(({ offset }) => offset);
  expect(refused).toHaveLength(6);
  expect(lost(length, used, refused)).toEqual({ none: [], twice: [] });
  // The check bites: a row dropped in silence, and one told twice.
  expect(lost(length, used.slice(1), refused).none).toHaveLength(1);
  expect(lost(length, used, [...refused, used[0]]).twice).toHaveLength(1);
});

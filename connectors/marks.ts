import { readFile } from 'node:fs/promises';
import { type Mark, verdicts } from '../event.js';
import { cutBatch } from './cut.js';
import { type BrokenJson, parseJson } from './json-text.js';
import { hint } from './nearest.js';
import { shown } from './rejects.js';
import type { Source } from './source.js';

/**
 * A source with what operators have said of its rows: each mark is handed on with the first row that is not below its
 * offset, however the log is cut and wherever reading begins, so every replay takes it in at the same place.
 */
export function withMarks(source: Source, marksOf: () => Promise<readonly Mark[]>): Source {
  return {
    open: () => source.open(),
    starts: async (...given) => source.starts?.(...given),
    ...(source.nothing ? { nothing: () => source.nothing?.() as Promise<string> } : {}),
    close: async () => source.close?.(),
    async *read(shard, from, stop) {
      const marks = [...(await marksOf())].filter(({ offset }) => offset >= from).sort((a, b) => a.offset - b.offset);
      let next = 0;
      for await (const batch of source.read(shard, from, stop)) {
        let rest = batch;
        while (next < marks.length) {
          const at = rest.rows.findIndex(({ offset }) => offset >= marks[next].offset);
          if (at < 0) break;
          const { offset } = rest.rows[at];
          const said: Mark[] = [];
          while (next < marks.length && marks[next].offset <= offset) said.push(marks[next++]);
          if (at > 0 || rest.marks) {
            const [before, after] = cutBatch(rest, at, offset);
            yield before;
            rest = after;
          }
          rest = { ...rest, marks: said };
        }
        yield rest;
      }
    },
  };
}

/** Marks of a file, one JSON object a line; throws an error that names the line. */
export async function readMarks(path: string): Promise<Mark[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path}: expected a file of marks, it cannot be read (${error.code})`);
  });
  return text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [markIn(line, `${path} line ${i + 1}`)]));
}

function markIn(line: string, where: string): Mark {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch (error) {
    throw new Error(`${where}: expected a mark as JSON: ${(error as BrokenJson).inLine}`);
  }
  return markOf(value, where);
}

const names = ['key', 'verdict', 'startMs', 'endMs', 'of', 'offset'] as const;

/** The value as a mark; throws an error that names the field, what was expected, and what came. */
export function markOf(value: unknown, where: string): Mark {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(
      `${where}: expected a mark such as {"key": "k", "verdict": "expected", "startMs": 0, "endMs": 1, "offset": 5}, got ${shown(value)}`,
    );
  }
  const { key, verdict, startMs, endMs, of, offset } = value as Record<(typeof names)[number], unknown>;
  const fail = (field: string, expected: string, came: unknown): never => {
    throw new Error(`${where}: ${field}: expected ${expected}, got ${shown(came)}`);
  };
  const strange = Object.keys(value).find((name) => !(names as readonly string[]).includes(name));
  if (strange !== undefined) fail(strange, `one of ${names.join(', ')}${hint(strange, names)}`, strange);
  if (typeof key !== 'string' || key === '') fail('key', 'a key', key);
  if (!verdicts.includes(verdict as Mark['verdict'])) fail('verdict', `one of ${verdicts.join(', ')}`, verdict);
  if (typeof startMs !== 'number') fail('startMs', 'a time in ms since 1970', startMs);
  if (!((endMs as number) >= (startMs as number))) fail('endMs', 'a time in ms since 1970, not before startMs', endMs);
  if (!(Number.isInteger(offset) && (offset as number) >= 0))
    fail('offset', 'a place in the log, a whole number', offset);
  if (of !== undefined && typeof of !== 'string') fail('of', 'an id', of);
  return value as Mark;
}

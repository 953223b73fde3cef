import { hint } from '../connectors/nearest.js';
import type { SavedColumn } from '../state/arrow.js';
import { type Newest, shown, tablesOf } from './checkpoints.js';
import { UsageError } from './failure.js';
import { verdictLines } from './inspect-verdict.js';
import { count, figure, plural } from './numbers.js';

/** What `inspect` found, to be said in text or JSON. */
export interface Finding {
  readonly json: unknown;
  lines(full: boolean): string[];
}

/** Numbers shown of a column before the rest is summed up. */
const shownMax = 8;

/** The numbers of one row of a column. */
export function numbersAt({ parts, length }: SavedColumn, row: number): readonly number[] {
  const part = parts.find(({ from, rows }) => row >= from && row < from + rows);
  return part ? Array.from(part.numbers.subarray((row - part.from) * length, (row - part.from + 1) * length)) : [];
}

/** What every step remembers of a key; throws, with the nearest names, where none knows it. */
export function showKey(shards: readonly Newest[], key: string): Finding {
  const known = new Set<string>();
  const found = shards.flatMap(({ shard, path, checkpoint }) => {
    const steps = tablesOf(checkpoint).flatMap(({ stage, name, rows }) => {
      for (const each of rows.names) if (each !== null) known.add(each);
      const row = rows.names.indexOf(key);
      if (row < 0) return [];
      const rank = rows.order.length - rows.order.indexOf(row);
      const columns = rows.columns.map((column) => ({ ...column, numbers: numbersAt(column, row) }));
      return [{ stage, table: name, row, rank, keys: rows.order.length, columns }];
    });
    return steps.length > 0 ? [{ shard, path, next: checkpoint.next, pipeline: checkpoint.pipeline, steps }] : [];
  });
  if (found.length === 0) {
    const names = [...known].sort();
    const some = names.slice(0, 5).map(shown).join(', ');
    const has = names.length === 0 ? 'no key at all' : `${plural(names.length, 'key')}, such as ${some}`;
    throw new UsageError(
      `--key: expected a key the state knows, got ${shown(key)}${hint(key, names)}: it holds ${has}`,
    );
  }
  return {
    json: found.map(({ steps, pipeline: _, ...about }) => ({
      ...about,
      steps: steps.map(({ columns, ...step }) => ({
        ...step,
        columns: Object.fromEntries(columns.map(({ path, numbers }) => [path, numbers])),
      })),
    })),
    lines: (full) =>
      found.flatMap(({ shard, next, pipeline, steps }, i) => [
        ...(i > 0 ? [''] : []),
        `key ${shown(key)} of shard ${shown(shard)} at offset ${count(next)}`,
        ...steps.flatMap(({ stage, row, rank, keys, columns }) => [
          '',
          `${shown(stage)}: row ${row}, ${rank === 1 ? 'the' : `number ${count(rank)} of the`} last used of ${plural(keys, 'key')}`,
          ...verdictLines(stage, pipeline, columns),
          ...columnLines(columns, full),
        ]),
      ]),
  };
}

function columnLines(columns: readonly (SavedColumn & { numbers: readonly number[] })[], full: boolean): string[] {
  const names = columns.map(({ path, of, length }) => (length === 1 ? `${path}: ${of}` : `${path}: ${of}[${length}]`));
  const width = Math.max(...names.map(({ length }) => length));
  return columns.map(({ numbers }, i) => `  ${names[i]?.padEnd(width)}  ${full ? numbers.join(' ') : brief(numbers)}`);
}

/** One number with all its digits, a few shortly; many as their range, their mean, and the first. */
function brief(numbers: readonly number[]): string {
  if (numbers.length === 1) return String(numbers[0]);
  if (numbers.length <= shownMax) return numbers.map(figure).join(' ');
  const real = numbers.filter((number) => !Number.isNaN(number));
  const missing = real.length < numbers.length ? `, ${count(numbers.length - real.length)} NaN` : '';
  const first = numbers.slice(0, 4).map(figure).join(' ');
  if (real.length === 0) return `all NaN`;
  let [least, most, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const number of real) {
    least = Math.min(least, number);
    most = Math.max(most, number);
    sum += number;
  }
  if (least === most) return `all ${figure(least)}${missing}`;
  return `${first} …  (least ${figure(least)}, mean ${figure(sum / real.length)}, most ${figure(most)}${missing})`;
}

import type { SavedRows } from '../state/arrow.js';
import { type Newest, shown, tablesOf } from './checkpoints.js';
import { type Finding, numbersAt } from './inspect-key.js';
import { count, figure, plural } from './numbers.js';
import { table } from './view/table.js';

/** Differences listed before the rest is only counted. */
const listedMax = 40;

/** Numbers of one column and row that are not the same on both sides. */
interface Difference {
  readonly shard: string;
  readonly stage: string;
  readonly table: string;
  /** Null where the row belongs to all keys. */
  readonly key: string | null;
  readonly column: string;
  /** How many of the column's numbers differ, and of how many. */
  readonly differing: number;
  readonly of: number;
  /** The pair that is furthest apart, and by how much: the absolute distance, infinite where only one is a number. */
  readonly left: number;
  readonly right: number;
  readonly distance: number;
}

/** What differs between the newest checkpoints of two places, number by number, the largest differences first. */
export function compare(
  left: readonly Newest[],
  right: readonly Newest[],
  key: string | undefined,
): Finding & { readonly same: boolean } {
  const notes: string[] = [];
  const differences: Difference[] = [];
  for (const [one, other] of pairs(left, right, notes)) {
    if (key === undefined) noteHeads(one, other, notes);
    differences.push(...compareTables(one, other, key, notes));
  }
  differences.sort((a, b) => b.distance - a.distance);
  const same = notes.length === 0 && differences.length === 0;
  const places = (sides: readonly Newest[]) => sides.map(({ path }) => path);
  return {
    same,
    json: { same, left: places(left), right: places(right), notes, differences },
    lines: (full) => [
      ...places(left).map((path) => `left   ${path}`),
      ...places(right).map((path) => `right  ${path}`),
      '',
      ...(same ? ['The same, number by number.'] : notes),
      ...(differences.length > 0 ? [...(notes.length > 0 ? [''] : []), ...differenceLines(differences, full)] : []),
    ],
  };
}

/** Shards of the same name belong together; so do two that are alone. */
function pairs(left: readonly Newest[], right: readonly Newest[], notes: string[]): [Newest, Newest][] {
  if (left.length === 1 && right.length === 1) return [[left[0] as Newest, right[0] as Newest]];
  const others = new Map(right.map((each) => [each.shard, each]));
  const found = left.flatMap((one): [Newest, Newest][] => {
    const other = others.get(one.shard);
    if (!other) notes.push(`shard ${shown(one.shard)} is only on the left`);
    others.delete(one.shard);
    return other ? [[one, other]] : [];
  });
  for (const name of others.keys()) notes.push(`shard ${shown(name)} is only on the right`);
  return found;
}

function noteHeads({ checkpoint: one }: Newest, { checkpoint: other }: Newest, notes: string[]): void {
  const note = (what: string, a: unknown, b: unknown): void => {
    if (a !== b) notes.push(`${what}: ${a} on the left, ${b} on the right`);
  };
  note('shard', shown(one.shard), shown(other.shard));
  note('offset', count(one.next), count(other.next));
  note('log complete', one.ended ? 'yes' : 'no', other.ended ? 'yes' : 'no');
  if (one.pipeline !== other.pipeline) notes.push('the pipelines are not the same (--json of each shows them)');
  // Where outputs lie is no part of what is remembered: only one that both have written can differ.
  for (const [name, mark] of Object.entries(one.sinks)) {
    if (name in other.sinks) note(`output ${shown(name)}`, mark, other.sinks[name]);
  }
}

function compareTables(left: Newest, right: Newest, key: string | undefined, notes: string[]): Difference[] {
  const others = new Map(tablesOf(right.checkpoint).map((each) => [`${each.stage} ${each.name}`, each]));
  const found = tablesOf(left.checkpoint).flatMap(({ stage, name, rows }) => {
    const where = `${shown(stage)} ${shown(name)}`;
    const other = others.get(`${stage} ${name}`)?.rows;
    others.delete(`${stage} ${name}`);
    if (!other) notes.push(`${where}: only on the left`);
    else if (other.layout !== rows.layout) {
      notes.push(`${where}: not the same layout (inspect --full of each shows them)`);
    } else {
      if (other.owner.version !== rows.owner.version) {
        notes.push(
          `${where}: version ${shown(rows.owner.version)} on the left, ${shown(other.owner.version)} on the right`,
        );
      }
      const at = { shard: left.shard, stage, table: name };
      return rowPairs(rows, other, key, where, notes).flatMap((pair) => compareRows(rows, other, pair, at));
    }
    return [];
  });
  for (const { stage, name } of others.values()) notes.push(`${shown(stage)} ${shown(name)}: only on the right`);
  return found;
}

type Pair = readonly [left: number, right: number, key: string | null];

/** Rows of the same key; rows without keys, which belong to all, by their number. */
function rowPairs(left: SavedRows, right: SavedRows, key: string | undefined, where: string, notes: string[]): Pair[] {
  if (left.order.length === 0 && right.order.length === 0) {
    if (left.length !== right.length)
      notes.push(`${where}: ${left.length} rows on the left, ${right.length} on the right`);
    const rows = Math.min(left.length, right.length);
    return key === undefined ? Array.from({ length: rows }, (_, row) => [row, row, null]) : [];
  }
  const [ones, others] = [left, right].map(
    ({ order, names }) =>
      new Map(
        order.map((row) => [names[row] as string, row]).filter(([name]) => key === undefined || name === key) as [
          string,
          number,
        ][],
      ),
  ) as [Map<string, number>, Map<string, number>];
  const only = (mine: Map<string, number>, theirs: Map<string, number>, side: string): void => {
    const names = [...mine.keys()].filter((name) => !theirs.has(name));
    if (names.length === 0) return;
    const some = names.slice(0, 3).map(shown).join(', ');
    notes.push(`${where}: ${plural(names.length, 'key')} only on the ${side}: ${some}${names.length > 3 ? ' …' : ''}`);
  };
  only(ones, others, 'left');
  only(others, ones, 'right');
  const both = (order: Map<string, number>, theirs: Map<string, number>) =>
    [...order.keys()].filter((name) => theirs.has(name));
  if (both(ones, others).join('\0') !== both(others, ones).join('\0')) {
    notes.push(`${where}: the keys were not used in the same order`);
  }
  return both(ones, others).map((name) => [ones.get(name) as number, others.get(name) as number, name]);
}

function compareRows(
  left: SavedRows,
  right: SavedRows,
  [one, other, key]: Pair,
  at: { shard: string; stage: string; table: string },
): Difference[] {
  return left.columns.flatMap((column, index) => {
    const [a, b] = [numbersAt(column, one), numbersAt(right.columns[index] ?? column, other)];
    let worst: { left: number; right: number; distance: number } | undefined;
    let differing = 0;
    a.forEach((value, i) => {
      const twin = b[i] as number;
      if (Object.is(value, twin)) return;
      differing++;
      const apart = Math.abs(value - twin);
      const distance = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
      if (!worst || distance > worst.distance) worst = { left: value, right: twin, distance };
    });
    return worst ? [{ ...at, key, column: column.path, differing, of: a.length, ...worst }] : [];
  });
}

function differenceLines(differences: readonly Difference[], full: boolean): string[] {
  const listed = full ? differences : differences.slice(0, listedMax);
  const shards = new Set(differences.map(({ shard }) => shard)).size;
  const more = differences.length - listed.length;
  const right = { align: 'right' } as const;
  return [
    `${plural(differences.length, 'column')} of rows differ, the largest differences first:`,
    '',
    ...table(
      [
        ...(shards > 1 ? [{ title: 'shard' }] : []),
        ...['step', 'table', 'key', 'column'].map((title) => ({ title })),
        ...['differ', 'left', 'right', 'apart'].map((title) => ({ title, ...right })),
      ],
      listed.map((each) => [
        ...(shards > 1 ? [shown(each.shard)] : []),
        ...[each.stage, each.table].map(shown),
        each.key === null ? '(all)' : shown(each.key),
        each.column,
        `${count(each.differing)} of ${count(each.of)}`,
        ...[each.left, each.right].map(exact),
        figure(each.distance),
      ]),
      200,
    ),
    ...(more > 0 ? [`and ${count(more)} more: --full lists them all`] : []),
  ];
}

/** A number with as many digits as it takes to tell it from its neighbours. */
const exact = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

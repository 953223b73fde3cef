import type { SavedRows } from '../state/arrow.js';
import type { Checkpoint } from '../state/checkpoint.js';
import { scalarBytes } from '../state/layout.js';
import { checkpointsAt, type Generation, newestAt, type ShardFolder, shown, tablesOf } from './checkpoints.js';
import { comparisonIn, comparisonTable } from './comparison.js';
import { compare } from './inspect-diff.js';
import { showKey } from './inspect-key.js';
import { count, moment, plural } from './numbers.js';
import { table } from './view/table.js';
import { paint } from './view/text.js';

export interface InspectOptions {
  /** A folder of shards, one shard's folder, or one checkpoint. */
  readonly path: string;
  /** Show what every step remembers of this key. */
  readonly key?: string | undefined;
  /** Compare with the newest checkpoints here. */
  readonly diff?: string | undefined;
  /** One JSON document instead of text. */
  readonly json?: boolean | undefined;
  /** All numbers, columns and differences instead of the first. */
  readonly full?: boolean | undefined;
}

/** Shows what checkpoints hold; the exit code is 1 where `diff` found a difference, else 0. */
export async function inspect(options: InspectOptions, write: (text: string) => void): Promise<number> {
  const { path, key, diff, json = false, full = false } = options;
  const say = (value: unknown, lines: () => readonly string[]): void =>
    write(json ? `${JSON.stringify(value, plain, 1)}\n` : `${lines().join('\n')}\n`);
  if (diff !== undefined) {
    const found = compare(await newestAt(path), await newestAt(diff), key);
    say(found.json, () => found.lines(full));
    return found.same ? 0 : 1;
  }
  if (key !== undefined) {
    const found = showKey(await newestAt(path), key);
    say(found.json, () => found.lines(full));
    return 0;
  }
  const shards = await checkpointsAt(path);
  say(shards.map(shardJson), () => shards.flatMap((shard, i) => [...(i > 0 ? [''] : []), ...shardLines(shard, full)]));
  return 0;
}

/** Numbers that JSON has no word for, as text. */
const plain = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

const rowBytes = ({ columns }: SavedRows): number =>
  columns.reduce((sum, { of, length }) => sum + scalarBytes(of) * length, 0);

const stateOf = ({ problem }: Generation): string => problem ?? 'complete';

function shardLines({ path, shard, generations }: ShardFolder, full: boolean): string[] {
  const newest = generations.find(({ checkpoint, problem }) => checkpoint && !problem);
  const right = { align: 'right' } as const;
  const lines = [
    `shard ${shown(shard)} in ${path}`,
    '',
    ...table(
      [{ title: 'offset', ...right }, { title: 'bytes', ...right }, { title: 'written (UTC)' }, { title: 'state' }],
      generations.map((each) => [
        each.next === undefined ? '?' : count(each.next),
        count(each.bytes),
        moment(Math.floor(each.writtenMs / 1000) * 1000),
        each === newest ? 'complete, the newest: a run goes on from it' : stateOf(each),
      ]),
      200,
    ),
  ];
  if (!newest?.checkpoint) return [...lines, '', 'No complete checkpoint: a run stops here instead of starting anew.'];
  const { checkpoint } = newest;
  const tables = tablesOf(checkpoint);
  const keys = Math.max(0, ...tables.map(({ rows }) => rows.order.length));
  const keyBytes = tables.reduce((sum, { rows }) => sum + (rows.order.length > 0 ? rowBytes(rows) : 0), 0);
  const sinks = Object.entries(checkpoint.sinks);
  const compared = comparedIn(checkpoint);
  return [
    ...lines,
    '',
    `pipeline ${pipelineName(checkpoint)}, ${plural(keys, 'key')}, ${plural(keyBytes, 'byte')} of state per key, ` +
      `${checkpoint.ended ? 'the log was complete here' : 'the log went on'}`,
    '',
    ...table(
      [
        { title: 'step' },
        { title: 'table' },
        ...['rows', 'keys', 'columns', 'bytes per row', 'bytes'].map((title) => ({ title, ...right })),
        { title: 'version' },
      ],
      tables.map(({ stage, name, rows }) => [
        shown(stage),
        shown(name),
        ...[rows.length, rows.order.length, rows.columns.length, rowBytes(rows), rowBytes(rows) * rows.length].map(
          count,
        ),
        shown(rows.owner.version),
      ]),
      200,
    ),
    ...(compared ? ['', ...comparisonTable(compared.sides, compared.comparison, 200, paint(false))] : []),
    ...(sinks.length > 0 ? ['', 'outputs, and how far each was written:'] : []),
    ...sinks.map(([name, mark]) => `  ${shown(name)}  ${count(mark)}`),
    ...(full ? tables.flatMap(columnLines) : []),
  ];
}

const columnLines = ({ stage, name, rows }: { stage: string; name: string; rows: SavedRows }): string[] =>
  rows.columns.length === 0
    ? []
    : ['', `columns of ${shown(stage)} ${shown(name)}:`, ...rows.layout.split('\n').map((line) => `  ${line}`)];

function pipelineName({ pipeline }: Checkpoint): string {
  try {
    const { name } = JSON.parse(pipeline) as { name?: unknown };
    if (typeof name === 'string') return shown(name);
  } catch {
    // A pipeline may be named by any text.
  }
  return shown(pipeline.split('\n')[0]?.slice(0, 60) ?? '');
}

/** How champion and challenger did, where the pipeline has a challenge. */
function comparedIn({ pipeline, stages }: Checkpoint): ReturnType<typeof comparisonIn> {
  let settings: unknown;
  try {
    const { stages: steps } = JSON.parse(pipeline) as { stages?: readonly Readonly<Record<string, unknown>>[] };
    settings = steps?.find((step) => 'challenge' in step)?.challenge;
  } catch {
    // A pipeline may be named by any text.
  }
  return comparisonIn(stages, settings);
}

function shardJson({ path, shard, generations }: ShardFolder): unknown {
  return {
    shard,
    path,
    generations: generations.map(({ path, next, bytes, writtenMs, problem, checkpoint }) => ({
      path,
      next,
      bytes,
      writtenMs,
      complete: problem === undefined,
      ...(problem !== undefined && { problem }),
      ...(checkpoint && {
        ended: checkpoint.ended,
        pipeline: checkpoint.pipeline,
        sinks: checkpoint.sinks,
        comparison: comparedIn(checkpoint)?.comparison,
        tables: tablesOf(checkpoint).map(({ stage, name, rows }) => ({
          stage,
          table: name,
          version: rows.owner.version,
          rows: rows.length,
          keys: rows.order.length,
          rowBytes: rowBytes(rows),
          columns: rows.columns.map(({ path, of, length }) => ({ path, of, length })),
        })),
      }),
    })),
  };
}

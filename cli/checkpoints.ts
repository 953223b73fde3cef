import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hint } from '../connectors/nearest.js';
import { type SavedRows, savedRows } from '../state/arrow.js';
import { type Checkpoint, unframe } from '../state/checkpoint.js';
import { offsetOf } from '../state/stores/file.js';
import { UsageError } from './failure.js';

/** One file of a shard: a checkpoint, or why it is none. */
export interface Generation {
  readonly path: string;
  readonly bytes: number;
  readonly writtenMs: number;
  /** Undefined where the name does not tell and the file cannot be read. */
  readonly next: number | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** What is wrong with it, or why it was set aside. */
  readonly problem: string | undefined;
}

/** The checkpoints of one shard, newest first. */
export interface ShardFolder {
  readonly path: string;
  /** The shard's own name; the folder's while no checkpoint tells it. */
  readonly shard: string;
  readonly generations: readonly Generation[];
}

/** A shard with its newest complete checkpoint. */
export interface Newest {
  readonly shard: string;
  readonly path: string;
  readonly checkpoint: Checkpoint;
}

const isCheckpointFile = (name: string): boolean => /^\d{16}\.engram(\.|$)/.test(name);

/** Reads all checkpoints at a path: a folder of shards, one shard's folder, or one file. Changes nothing on disk. */
export async function checkpointsAt(path: string): Promise<ShardFolder[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found)
    throw new UsageError(`${path}: expected a state folder or a checkpoint, there is none${await around(path)}`);
  if (!found.isDirectory()) return [shardOf(path, [await generation(path)])];
  const entries = await readdir(path, { withFileTypes: true });
  const own = entries.filter((entry) => entry.isFile() && isCheckpointFile(entry.name)).map(({ name }) => name);
  if (own.length > 0) return [await shardIn(path, own)];
  const shards: ShardFolder[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const files = (await readdir(join(path, name))).filter(isCheckpointFile);
    if (files.length > 0) shards.push(await shardIn(join(path, name), files));
  }
  if (shards.length > 0) return shards;
  const names = entries.map(({ name }) => name);
  throw new UsageError(`${path}: expected checkpoints (….engram) in it or one folder below, found ${list(names)}`);
}

/** The newest complete checkpoint of every shard at a path; throws where a shard has none. */
export async function newestAt(path: string): Promise<Newest[]> {
  return (await checkpointsAt(path)).map(({ shard, path: folder, generations }) => {
    const found = generations.find(({ checkpoint, problem }) => checkpoint && !problem);
    if (!found?.checkpoint) {
      const why = generations[0]?.problem ?? 'no file';
      throw new UsageError(`${folder}: expected a complete checkpoint, found none: ${why}`);
    }
    return { shard, path: found.path, checkpoint: found.checkpoint };
  });
}

/** The newest complete checkpoint in a shard's folder, or undefined where there is none. */
export async function newestIn(folder: string): Promise<Checkpoint | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => offsetOf(name) !== undefined);
  for (const name of names.sort().reverse()) {
    const { checkpoint } = await generation(join(folder, name));
    if (checkpoint) return checkpoint;
  }
  return undefined;
}

/** A name for people: quoted where it could be overlooked or would move the cursor. */
export const shown = (name: string): string =>
  name === '' || name.trim() !== name || /[\p{C}"]/u.test(name)
    ? JSON.stringify(name).replaceAll(/\p{C}/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`)
    : name;

/** The tables of a checkpoint in the order of the pipeline's steps. */
export function tablesOf({ stages }: Checkpoint): { stage: string; name: string; rows: SavedRows }[] {
  return Object.entries(stages).flatMap(([stage, bundle]) =>
    Object.entries(bundle).map(([name, saved]) => ({ stage, name, rows: savedRows(saved) })),
  );
}

async function shardIn(folder: string, names: readonly string[]): Promise<ShardFolder> {
  const generations: Generation[] = [];
  // Names sort like offsets, so the newest comes first.
  for (const name of [...names].sort().reverse()) generations.push(await generation(join(folder, name)));
  return shardOf(folder, generations);
}

function shardOf(path: string, generations: readonly Generation[]): ShardFolder {
  const told = generations.find(({ checkpoint }) => checkpoint)?.checkpoint?.shard;
  return { path, shard: told ?? basename(path), generations };
}

async function generation(path: string): Promise<Generation> {
  const name = basename(path);
  const { size: bytes, mtimeMs: writtenMs } = await stat(path);
  const named = offsetOf(name) ?? offsetOf(name.slice(0, '0000000000000000.engram'.length));
  try {
    const checkpoint = unframe(await readFile(path));
    return { path, bytes, writtenMs, next: checkpoint.next, checkpoint, problem: setAside(name, checkpoint.next) };
  } catch (error) {
    const why = (error as Error).message;
    return { path, bytes, writtenMs, next: named, checkpoint: undefined, problem: why };
  }
}

/** Why a file that can be read is none to go on from. */
function setAside(name: string, next: number): string | undefined {
  const named = offsetOf(name);
  if (named !== undefined && named !== next) return `expected offset ${named}, found ${next}: the file was renamed`;
  if (name.endsWith('.damaged')) return 'set aside as damaged';
  if (name.endsWith('.ahead')) return 'set aside: a later run went back behind it';
  if (name.endsWith('.tmp')) return 'left by a save that was interrupted';
  return undefined;
}

/** What is there instead, for errors. */
async function around(path: string): Promise<string> {
  const parent = dirname(path);
  const names = await readdir(parent).catch(() => undefined);
  return names ? `${hint(basename(path), names)}; in ${parent} there is ${list(names)}` : `, nor a folder ${parent}`;
}

function list(names: readonly string[]): string {
  if (names.length === 0) return 'nothing';
  const first = [...names].sort().slice(0, 10).join(', ');
  return names.length > 10 ? `${first} and ${names.length - 10} more` : first;
}

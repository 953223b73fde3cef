import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Source } from '../../connectors/source.js';
import type { Batch, Event, Reject } from '../../event.js';

/** A folder of this test file's own, removed when its tests are done. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'engram-connectors-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** All that a source gives from an offset on. */
export interface Collected {
  readonly channels: readonly string[];
  readonly batches: readonly Batch<Event>[];
  readonly rows: readonly Event[];
  readonly rejects: readonly Reject[];
  readonly ends: boolean;
  readonly error: Error | undefined;
}

export async function collect(source: Source, from = 0): Promise<Collected> {
  const { shards, channels } = await source.open();
  const batches: Batch<Event>[] = [];
  let error: Error | undefined;
  try {
    for await (const batch of source.read(shards[0], from, new AbortController().signal)) batches.push(batch);
  } catch (thrown) {
    error = thrown as Error;
  }
  return {
    channels,
    batches,
    rows: batches.flatMap(({ rows }) => rows),
    rejects: batches.flatMap(({ rejects }) => rejects),
    ends: batches.at(-1)?.ends === true,
    error,
  };
}

/** `reason` of every reject with its offset and line, as short as `not-a-time@3:5`. */
export const brief = (rejects: readonly Reject[]): string[] =>
  rejects.map(({ reason, offset, line }) => `${reason}@${offset}${line === undefined ? '' : `:${line}`}`);

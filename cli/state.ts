import { readdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isKafkaUrl } from '../connectors/kafka/address.js';
import { StateMismatch } from '../state/arrow.js';
import type { Checkpoint, CheckpointStore } from '../state/checkpoint.js';
import { FileStore } from '../state/stores/file.js';
import { newestIn } from './checkpoints.js';
import { UsageError } from './failure.js';
import { isReportOutput } from './report/rows.js';

export interface StateOptions {
  /** A report is asked for. */
  readonly report: boolean;
  /** What is read. */
  readonly shards: readonly string[];
  /** They begin at the first row, whatever is there. */
  readonly forget: boolean;
  /** What is written. */
  readonly outputs: readonly string[];
  readonly say: (text: string) => void;
}

/** The checkpoints in a folder, for a command that names a report or none. */
export async function openState(folder: string, options: StateOptions): Promise<CheckpointStore> {
  const { report, shards, forget, outputs, say } = options;
  const store = new FileStore(folder, { onDamaged: (path, error) => say(`set aside ${path}: ${error.message}`) });
  await refuseOutputsOfOthers(
    folder,
    shards.map((shard) => basename(store.folderOf(shard))),
    outputs,
  );
  for (const shard of forget ? shards : []) {
    // Not from under a run that is at work.
    const unlock = await store.lock(shard);
    await removeGenerations(store.folderOf(shard)).finally(unlock);
  }
  return {
    lock: (shard) => store.lock(shard),
    save: (checkpoint) => store.save(checkpoint),
    async load(shard, upTo) {
      const found = await store.load(shard, upTo);
      if (found) agrees(found, folder, report);
      return found;
    },
  };
}

/** What a report is made of lies beside the state, under names that no user gave: so it is told by the option. */
function agrees({ sinks }: Checkpoint, folder: string, report: boolean): void {
  const names = Object.keys(sinks);
  const before = names.some(isReportOutput);
  if (names.length === 0 || before === report) return;
  throw new StateMismatch(
    before
      ? `${folder}: this state was begun with --report, whose page would lack the rows to come: give --report again, ` +
          'or begin again at the first row with --fresh'
      : `${folder}: this state was begun without --report, whose page would lack all earlier rows: leave --report out, ` +
          'or begin again at the first row with --fresh',
  );
}

/** Outputs that another log's state in the folder counts on: this run would write over them. */
async function refuseOutputsOfOthers(
  folder: string,
  own: readonly string[],
  outputs: readonly string[],
): Promise<void> {
  const files = outputs.filter((name) => name !== '-' && !isKafkaUrl(name));
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((name) => !own.includes(name))) {
    const other = await newestIn(join(folder, name));
    if (!other) continue;
    const theirs = new Set(Object.keys(other.sinks).map((path) => resolve(path)));
    const shared = files.find((path) => theirs.has(resolve(path)));
    if (shared === undefined) continue;
    throw new UsageError(
      `--state ${folder}: expected outputs of this log's own, got ${shared}, which takes those of the log "${other.shard}", ` +
        'whose state lies here too: what it wrote would be lost. Name other outputs, or another --state',
    );
  }
}

/** Removes the generations of a shard, those set aside and half written too, and nothing else that may lie there. */
async function removeGenerations(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const made = /^\d{16}\.engram(\.damaged|\.ahead|(\.\d+)?\.tmp)?$/;
  for (const name of names) if (made.test(name)) await rm(join(folder, name), { force: true });
}

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StateMismatch } from '../state/arrow.js';
import type { Checkpoint, CheckpointStore } from '../state/checkpoint.js';
import { FileStore } from '../state/stores/file.js';
import { isReportOutput } from './report/rows.js';

export interface StateOptions {
  /** A report is asked for. */
  readonly report: boolean;
  /** These shards begin at the first row, whatever is there. */
  readonly forget: readonly string[];
  readonly say: (text: string) => void;
}

/** The checkpoints in a folder, for a command that names a report or none. */
export async function openState(folder: string, { report, forget, say }: StateOptions): Promise<CheckpointStore> {
  const store = new FileStore(folder, { onDamaged: (path, error) => say(`set aside ${path}: ${error.message}`) });
  for (const shard of forget) {
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

/** Removes the generations of a shard, those set aside and half written too, and nothing else that may lie there. */
async function removeGenerations(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const made = /^\d{16}\.engram(\.damaged|\.ahead|(\.\d+)?\.tmp)?$/;
  for (const name of names) if (made.test(name)) await rm(join(folder, name), { force: true });
}

import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, type CheckpointStore, DamagedCheckpoint, frame, unframe } from '../checkpoint.js';

/** The few things a store asks of a disk; tests put faults in between. */
export interface Disk {
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Writes and waits until the bytes are durable. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Waits until renames and removals in the folder are durable. */
  syncFolder(folder: string): Promise<void>;
}

export const nodeDisk: Disk = {
  makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
  async write(path, bytes) {
    const file = await open(path, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  rename,
  remove: unlink,
  async syncFolder(folder) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

const ending = '.engram';
const fileName = (next: number): string => `${String(next).padStart(16, '0')}${ending}`;

/**
 * Checkpoints as files, one folder per shard, named by their offset. Written beside, synced, renamed, folder synced:
 * after a crash at any moment the newest complete generation is there. Damaged ones are set aside and reported.
 */
export class FileStore implements CheckpointStore {
  readonly #newest = new Map<string, number>();

  constructor(
    readonly folder: string,
    readonly options: {
      /** Complete generations kept; at least 3. */
      readonly generations?: number;
      readonly disk?: Disk;
      /** Told of every damaged file; it stays beside the others with the ending `.damaged`. */
      readonly onDamaged?: (path: string, error: DamagedCheckpoint) => void;
    } = {},
  ) {
    const { generations = 3 } = options;
    if (!Number.isInteger(generations) || generations < 3) {
      throw new RangeError(`generations: expected a whole number of at least 3, got ${generations}`);
    }
  }

  get #disk(): Disk {
    return this.options.disk ?? nodeDisk;
  }

  /** Where a shard's generations lie: a readable name made safe, and a hash that keeps shards apart. */
  folderOf(shard: string): string {
    const readable = shard
      .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
      .slice(-60)
      .replace(/^\.+/, '');
    return join(this.folder, `${readable}-${createHash('sha256').update(shard).digest('hex').slice(0, 8)}`);
  }

  /** Offsets of the generations of a shard, ascending. */
  async #generations(shard: string): Promise<number[]> {
    const names = await this.#disk.list(this.folderOf(shard)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names
      .filter((name) => /^\d{16}\.engram$/.test(name))
      .map((name) => Number(name.slice(0, -ending.length)))
      .sort((a, b) => a - b);
  }

  async load(shard: string, upTo = Number.POSITIVE_INFINITY): Promise<Checkpoint | undefined> {
    const generations = await this.#generations(shard);
    for (const next of generations.toReversed()) {
      if (next > upTo) continue;
      const path = join(this.folderOf(shard), fileName(next));
      try {
        const checkpoint = unframe(await this.#disk.read(path));
        if (checkpoint.shard !== shard || checkpoint.next !== next) {
          throw new DamagedCheckpoint(
            `expected shard ${shard} at offset ${next}, found ${checkpoint.shard} at ${checkpoint.next}: the file was renamed`,
          );
        }
        this.#newest.set(shard, next);
        return checkpoint;
      } catch (error) {
        if (!(error instanceof DamagedCheckpoint)) throw error;
        this.options.onDamaged?.(path, error);
        await this.#disk.rename(path, `${path}.damaged`);
      }
    }
    const damaged = await this.#damaged(shard);
    if (damaged > 0) {
      throw new DamagedCheckpoint(
        `${this.folderOf(shard)}: expected an undamaged checkpoint${upTo < Number.POSITIVE_INFINITY ? ` at or below offset ${upTo}` : ''}, ` +
          `found ${damaged} damaged and no other. Nothing is started from nothing by itself: remove the folder to begin afresh.`,
      );
    }
    return undefined;
  }

  async #damaged(shard: string): Promise<number> {
    const names = await this.#disk.list(this.folderOf(shard)).catch(() => []);
    return names.filter((name) => name.endsWith('.damaged')).length;
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    const { shard, next } = checkpoint;
    const newest = this.#newest.get(shard) ?? (await this.#generations(shard)).at(-1) ?? 0;
    if (next < newest) {
      throw new RangeError(
        `shard ${shard}: expected a checkpoint at or after offset ${newest}, got ${next}: another process writes here`,
      );
    }
    const folder = this.folderOf(shard);
    const path = join(folder, fileName(next));
    await this.#disk.makeFolder(folder);
    await this.#disk.write(`${path}.tmp`, frame(checkpoint));
    await this.#disk.rename(`${path}.tmp`, path);
    await this.#disk.syncFolder(folder);
    this.#newest.set(shard, next);
    const old = (await this.#generations(shard)).slice(0, -(this.options.generations ?? 3));
    for (const generation of old) await this.#disk.remove(join(folder, fileName(generation)));
  }
}

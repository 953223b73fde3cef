import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { StateMismatch } from '../arrow.js';
import {
  type Checkpoint,
  type CheckpointStore,
  DamagedCheckpoint,
  type Frozen,
  freeze,
  unframe,
} from '../checkpoint.js';
import { codeOf, type Disk, nodeDisk } from './disk.js';
import { holdFolder } from './lock.js';
import { sealed } from './sealed.js';

export type { Disk } from './disk.js';

const ending = '.engram';
/** Ending of files that turned out damaged. */
const damagedEnding = '.damaged';
/** Ending of complete generations that a run went back behind on purpose. */
const aheadEnding = '.ahead';
/** Ending of all that was there when the state began anew. */
const retiredEnding = '.retired';

/** The name of the generation taken at an offset; as text they sort like numbers. */
const fileName = (next: number): string => `${String(next).padStart(16, '0')}${ending}`;

/** The offset in the name of a generation; undefined for other files. */
export const offsetOf = (name: string): number | undefined =>
  /^\d{16}\.engram$/.test(name) ? Number(name.slice(0, -ending.length)) : undefined;

/** The disk refused: which file, why, and what to do; `code` is the system's. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';

  constructor(
    what: string,
    readonly code: string | undefined,
    cause: unknown,
  ) {
    super(`cannot ${what}: ${(cause as Error).message}. ${hints[code ?? ''] ?? 'Look at the disk.'} ${safe}`, {
      cause,
    });
  }
}

/** Rooms are not exchanged for smaller ones to save less than this. */
const roomBytes = 1 << 20;

const safe = 'The last complete checkpoint is untouched; the next run goes on from it.';
const hints: Record<string, string> = {
  ENOSPC: 'Free space on the disk.',
  EDQUOT: 'Free space on the disk.',
  EACCES: 'Allow this user to read and write there.',
  EPERM: 'Allow this user to read and write there.',
  EROFS: 'Name a state folder on a disk that can be written.',
  ENOTDIR: 'Name a folder, not a file.',
  EEXIST: 'Name a folder, not a file.',
  ENOENT: 'Another process works in this folder: stop one of the two.',
};

/** What this store knows of a shard's folder. */
interface Line {
  /** Offset it last loaded or saved: it goes on from there. */
  newest: number;
  /** Generations that are none of its own past, with the ending they are to be set aside by. */
  readonly passed: Map<number, string>;
  /** A save that failed half way may have left this one, complete. */
  attempted?: number;
}

export interface FileStoreOptions {
  /** Complete generations kept; at least 3. */
  readonly generations?: number;
  /**
   * Somebody else sees to it that each shard has one owner at a time, as a consumer group does, and that no owner is ahead of
   * the next: generations that another one left at or below what is saved are then as good as one's own.
   */
  readonly shared?: boolean;
  readonly disk?: Disk;
  /** Told of every damaged file; it stays beside the others with the ending `.damaged`. A process warning if absent. */
  readonly onDamaged?: (path: string, error: DamagedCheckpoint) => void;
  /** Told of files that could not be tidied away, which harms nothing. A process warning if absent. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Checkpoints as files, one folder per shard, named by their offset. Written beside, synced, renamed, folder synced:
 * after a crash at any moment the newest complete generation is there. Damaged ones are set aside and reported. One
 * store at a time goes on: one that finds a generation that is not its own refuses to save.
 */
export class FileStore implements CheckpointStore {
  readonly #lines = new Map<string, Line>();
  #spare: ArrayBuffer | undefined;
  readonly #disk: Disk;
  readonly #generationsKept: number;
  readonly #shared: boolean;
  readonly #warn: (message: string) => void;
  readonly #onDamaged: (path: string, error: DamagedCheckpoint) => void;

  constructor(
    readonly folder: string,
    options: FileStoreOptions = {},
  ) {
    const { generations = 3, disk = nodeDisk } = options;
    if (!Number.isInteger(generations) || generations < 3) {
      throw new RangeError(`generations: expected a whole number of at least 3, got ${generations}`);
    }
    this.#generationsKept = generations;
    this.#shared = options.shared ?? false;
    this.#disk = disk;
    this.#warn = options.onWarning ?? ((message) => process.emitWarning(message, 'EngramWarning'));
    this.#onDamaged =
      options.onDamaged ??
      ((path, error) => this.#warn(`${path} is damaged and set aside, an earlier one is used: ${error.message}`));
  }

  /** Where a shard's generations lie: a readable name made safe, and a hash that keeps shards apart. */
  folderOf(shard: string): string {
    const readable = shard
      .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
      .slice(-60)
      .replace(/^\.+/, '');
    return join(this.folder, `${readable}-${createHash('sha256').update(shard).digest('hex').slice(0, 12)}`);
  }

  /** Throws `FolderHeld` while another run is at work on the shard. */
  lock(shard: string): Promise<() => Promise<void>> {
    return holdFolder(this.folderOf(shard));
  }

  async load(shard: string, upTo = Number.POSITIVE_INFINITY): Promise<Checkpoint | undefined> {
    const folder = this.folderOf(shard);
    const names = await this.#names(folder);
    for (const name of names.filter((name) => name.endsWith('.tmp'))) await this.#tidy(join(folder, name));
    const passed: Line['passed'] = new Map();
    let damaged = names.filter((name) => name.endsWith(damagedEnding)).length;
    for (const next of offsetsOf(names).reverse()) {
      if (next > upTo) {
        passed.set(next, aheadEnding);
        continue;
      }
      const checkpoint = await this.#read(shard, next);
      if (!(checkpoint instanceof DamagedCheckpoint)) {
        this.#lines.set(shard, { newest: next, passed });
        return checkpoint;
      }
      damaged++;
      passed.set(next, damagedEnding);
      const path = join(folder, fileName(next));
      this.#onDamaged(path, checkpoint);
      await this.#disk.rename(path, path + damagedEnding).catch((error) => {
        this.#warn(`cannot rename the damaged ${path}: ${(error as Error).message}; it stays and is passed over`);
      });
    }
    if (damaged > 0) {
      const where = Number.isFinite(upTo) ? ` at or below offset ${upTo}` : '';
      throw new DamagedCheckpoint(
        `${folder}: expected an undamaged checkpoint${where}, found ${damaged} damaged and no other. ` +
          'Nothing is started from nothing by itself: remove the folder to begin afresh.',
      );
    }
    this.#lines.set(shard, { newest: 0, passed });
    return undefined;
  }

  /** They stay beside the others with the ending `.retired`, for people to look at. */
  async retire(shard: string): Promise<readonly number[]> {
    const folder = this.folderOf(shard);
    const names = await this.#names(folder);
    const gone = names.filter((name) => offsetOf(name) !== undefined || name.endsWith(damagedEnding));
    for (const name of gone) {
      const path = join(folder, name);
      await this.#try(`set ${path} aside`, () => this.#disk.rename(path, path + retiredEnding));
    }
    if (gone.length > 0) await this.#try(`sync the folder ${folder}`, () => this.#disk.syncFolder(folder));
    this.#lines.set(shard, { newest: 0, passed: new Map() });
    return offsetsOf(names);
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    // Copied before anything is awaited: the tables are views of live state.
    const frozen = freeze(checkpoint, (bytes) => this.#room(bytes));
    try {
      await this.#write(frozen);
    } finally {
      this.#spare = frozen.file.buffer as ArrayBuffer;
    }
  }

  /** Memory that the last save is done with: new memory costs more than what is copied into it. */
  #room(bytes: number): Uint8Array {
    const spare = this.#spare;
    this.#spare = undefined;
    // A little more than was asked for, as state grows.
    const fits = spare !== undefined && spare.byteLength >= bytes && spare.byteLength <= 2 * bytes + roomBytes;
    return new Uint8Array(fits ? spare : new ArrayBuffer(bytes + (bytes >> 3)), 0, bytes);
  }

  async #write(frozen: Frozen): Promise<void> {
    const { shard, next } = frozen.about;
    const folder = this.folderOf(shard);
    const before = offsetsOf(await this.#names(folder));
    const line: Line = this.#lines.get(shard) ?? { newest: before.at(-1) ?? 0, passed: new Map() };
    this.#lines.set(shard, line);
    const stranger = before.findLast(
      (at) => at > (this.#shared ? next : line.newest) && !line.passed.has(at) && at !== line.attempted,
    );
    if (stranger !== undefined || next < line.newest) {
      throw new RangeError(
        `shard ${shard}: expected to go on from offset ${line.newest}, the newest this run knows, got ` +
          `${stranger === undefined ? `a checkpoint at ${next}` : `a newer one at ${stranger} in ${folder}`}: ` +
          'another process writes here; stop one of the two, or give each a state folder of its own',
      );
    }
    const past = before.filter((at) => at < next && !line.passed.has(at));
    const path = join(folder, fileName(next));
    const beside = `${path}.${process.pid}.tmp`;
    await this.#try(`make the folder ${folder}`, () => this.#disk.makeFolder(folder));
    await this.#setAside(folder, line, before);
    const bytes = await sealed(frozen);
    line.attempted = next;
    try {
      await this.#try(`write the checkpoint ${beside}`, () => this.#disk.write(beside, bytes));
      await this.#try(`rename ${beside} to ${path}`, () => this.#disk.rename(beside, path));
      await this.#try(`sync the folder ${folder}`, () => this.#disk.syncFolder(folder));
    } catch (error) {
      // What is half written only takes space, of which there may be none left.
      await this.#disk.remove(beside).catch(() => {});
      throw error;
    }
    line.newest = next;
    const old = past.slice(0, Math.max(0, past.length + 1 - this.#generationsKept));
    for (const at of old) await this.#tidy(join(folder, fileName(at)));
  }

  /** The checkpoint at an offset, or why it is not to be used. */
  async #read(shard: string, next: number): Promise<Checkpoint | DamagedCheckpoint> {
    const path = join(this.folderOf(shard), fileName(next));
    try {
      const checkpoint = unframe(await this.#disk.read(path));
      if (checkpoint.shard === shard && checkpoint.next === next) return checkpoint;
      return new DamagedCheckpoint(
        `expected shard ${shard} at offset ${next}, found ${checkpoint.shard} at ${checkpoint.next}: the file was renamed`,
      );
    } catch (error) {
      if (error instanceof DamagedCheckpoint) return error;
      if (error instanceof StateMismatch) throw new StateMismatch(`${path}: ${error.message}`, { cause: error });
      // A sector that cannot be read is damage like any other.
      if (codeOf(error) === 'EIO') return new DamagedCheckpoint((error as Error).message, { cause: error });
      throw new StoreFailure(`read the checkpoint ${path}`, codeOf(error), error);
    }
  }

  /** Moves what is not this line's past out of the way, so that no later run takes it for the newest. */
  async #setAside(folder: string, { passed }: Line, present: readonly number[]): Promise<void> {
    for (const [at, why] of passed) {
      const path = join(folder, fileName(at));
      if (present.includes(at)) await this.#try(`set ${path} aside`, () => this.#disk.rename(path, path + why));
      passed.delete(at);
    }
  }

  async #names(folder: string): Promise<string[]> {
    try {
      return await this.#disk.list(folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw new StoreFailure(`list the folder ${folder}`, codeOf(error), error);
    }
  }

  async #try(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw new StoreFailure(what, codeOf(error), error);
    }
  }

  async #tidy(path: string): Promise<void> {
    await this.#disk.remove(path).catch((error) => {
      if (codeOf(error) !== 'ENOENT') this.#warn(`cannot remove ${path}: ${(error as Error).message}`);
    });
  }
}

/** The generations among the files of a folder, ascending. */
function offsetsOf(names: readonly string[]): number[] {
  return names
    .map(offsetOf)
    .filter((next) => next !== undefined)
    .sort((a, b) => a - b);
}

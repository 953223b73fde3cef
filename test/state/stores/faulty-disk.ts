import { dirname } from 'node:path';
import type { Disk } from '../../../state/stores/disk.js';

/** How a call goes wrong. `short` writes half; `lies` writes half and says that all is well. */
export type Fault = 'before' | 'after' | 'short' | 'lies' | 'crash before' | 'crash during' | 'crash after';

/** What a process that is gone would have thrown. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: planted`), { code });

type Names = Map<string, Uint8Array>;

/**
 * A disk in memory that goes wrong at one chosen call. Names given and taken become durable at `syncFolder`; a power
 * cut keeps any of those that were not.
 */
export class FaultyDisk implements Disk {
  names: Names = new Map();
  #durable: Names = new Map();
  #pending: ((names: Names) => void)[] = [];
  #folders = new Set<string>();
  #down = false;
  /** Calls made so far, as `name path`. */
  calls: string[] = [];
  fault: { at: number; kind: Fault; code: string } | undefined;

  /** After a crash: what was not synced is kept or lost as `keeps` says; without it only the process died. */
  restart(keeps?: (change: number) => boolean): void {
    if (keeps) {
      this.#pending.forEach((change, i) => {
        if (keeps(i)) change(this.#durable);
      });
      this.names = new Map(this.#durable);
      this.#pending = [];
    }
    this.#down = false;
    this.fault = undefined;
  }

  #change(change: (names: Names) => void): void {
    change(this.names);
    this.#pending.push(change);
  }

  async #call<T>(name: string, act: () => T, half?: () => void): Promise<T> {
    if (this.#down) throw new Crash();
    const kind = this.fault?.at === this.calls.length ? this.fault.kind : undefined;
    this.calls.push(name);
    // The planted failure hides the one that would have come anyway.
    const actAnyway = (): void => {
      try {
        act();
      } catch {}
    };
    if (kind?.startsWith('crash')) {
      if (kind === 'crash after') actAnyway();
      if (kind === 'crash during') half?.();
      this.#down = true;
      throw new Crash();
    }
    if (kind === 'lies' && half) {
      half();
      return undefined as T;
    }
    if (kind === 'short') half?.();
    if (kind === 'after') actAnyway();
    if (kind && kind !== 'lies') throw failure((this.fault as { code: string }).code);
    return act();
  }

  #known(path: string): Uint8Array {
    const bytes = this.names.get(path);
    if (!bytes) throw failure('ENOENT');
    return bytes;
  }

  makeFolder = (path: string) => this.#call('makeFolder', () => void this.#folders.add(path));
  list = (folder: string) =>
    this.#call('list', () => {
      if (!this.#folders.has(folder)) throw failure('ENOENT');
      return [...this.names.keys()]
        .filter((path) => dirname(path) === folder)
        .map((path) => path.slice(folder.length + 1));
    });
  read = (path: string) => this.#call('read', () => this.#known(path).slice());
  write = (path: string, bytes: Uint8Array) => {
    const put = (content: Uint8Array) => this.#change((names) => void names.set(path, content));
    return this.#call(
      'write',
      () => put(bytes.slice()),
      () => put(bytes.slice(0, bytes.length >> 1)),
    );
  };
  rename = (from: string, to: string) =>
    this.#call('rename', () => {
      const bytes = this.#known(from);
      this.#change((names) => {
        names.delete(from);
        names.set(to, bytes);
      });
    });
  remove = (path: string) =>
    this.#call('remove', () => {
      this.#known(path);
      this.#change((names) => void names.delete(path));
    });
  syncFolder = () =>
    this.#call('syncFolder', () => {
      for (const change of this.#pending.splice(0)) change(this.#durable);
    });
}

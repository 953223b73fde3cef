import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The few things a store asks of a disk; tests put faults in between. */
export interface Disk {
  /** Makes a folder with those above it; durable when done. */
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Writes and waits until the bytes are durable; the name is so only after `syncFolder`. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Replaces what had the name `to`, at once for every reader. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Waits until names given and taken in the folder are durable. */
  syncFolder(folder: string): Promise<void>;
}

/** The error code of the system, such as ENOSPC. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** True where the system has no way to sync a folder, so that not doing it is no failure. */
export function cannotSync(code: string | undefined, platform: NodeJS.Platform): boolean {
  // Windows opens no folders; some network and FUSE file systems take them but do not sync them.
  const everywhere = ['EINVAL', 'ENOTSUP', 'ENOSYS'];
  const windows = ['EPERM', 'EISDIR', 'EACCES', 'EBADF'];
  return code !== undefined && (everywhere.includes(code) || (platform === 'win32' && windows.includes(code)));
}

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!cannotSync(codeOf(error), process.platform)) throw error;
  }
}

/** Linux writes no more than 2 GiB less a page at once. */
const writeBytesMax = 1 << 30;

/** The disk of this machine. */
export const nodeDisk: Disk = {
  async makeFolder(path) {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) {
      await syncFolder(dirname(made)).catch((error) => {
        // A folder may be written into but not read: then its entry is durable when the system gets to it.
        if (codeOf(error) !== 'EACCES') throw error;
      });
    }
  },
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
  async write(path, bytes) {
    const file = await open(path, 'w');
    try {
      // As few calls as the system allows: between two of them a busy process does other things.
      for (let at = 0; at < bytes.length; ) {
        at += (await file.write(bytes, at, Math.min(bytes.length - at, writeBytesMax))).bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  },
  rename,
  remove: unlink,
  syncFolder,
};

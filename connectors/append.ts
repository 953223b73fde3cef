import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** A file that only grows, and can be cut back to a length it was known to have. */
export class AppendFile {
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(readonly path: string) {}

  /** Its length. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Cuts the file back to `bytes`, or makes it; throws if it is shorter. */
  async open(bytes: number): Promise<void> {
    const folder = dirname(resolve(this.path));
    await mkdir(folder, { recursive: true });
    // `a+` makes the file where there is none and keeps what is there; all writes go to its end.
    const handle = await open(this.path, 'a+').catch((error: Error) => {
      throw new Error(`${this.path}: cannot be written: ${error.message}: choose another place for the output`);
    });
    try {
      const { size } = await handle.stat();
      if (size < bytes) {
        throw new Error(
          `${this.path}: expected at least ${bytes} bytes, as the checkpoint says, found ${size}: the output was ` +
            'changed or removed; put it back, or start fresh in another state folder',
        );
      }
      await handle.truncate(bytes);
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#handle = handle;
    this.#bytes = bytes;
    await syncFolder(folder);
  }

  async append(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const handle = this.#open();
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, at);
      at += bytesWritten;
    }
    this.#bytes += bytes.length;
  }

  /** Waits until all is on the disk; returns the length. */
  async sync(): Promise<number> {
    await this.#open().sync();
    return this.#bytes;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async remove(): Promise<void> {
    await this.close();
    await unlink(this.path);
    await syncFolder(dirname(resolve(this.path)));
  }

  #open(): FileHandle {
    if (!this.#handle) throw new Error(`${this.path}: expected an open file: call open first`);
    return this.#handle;
  }
}

/** Makes new, renamed and removed names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

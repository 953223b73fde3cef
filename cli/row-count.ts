import { open } from 'node:fs/promises';

const wholeBytes = 64 * 1024 * 1024;

/** Rows of a text file for the progress bar: counted up to 64 MiB, beyond that told from the first part. */
export async function rowCount(path: string): Promise<number | undefined> {
  if (!/\.(csv|tsv|txt|ndjson|jsonl)$/i.test(path)) return undefined;
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const chunk = new Uint8Array(1 << 20);
    let bytes = 0;
    let lines = 0;
    let last = 10;
    while (bytes < wholeBytes) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, bytes);
      if (bytesRead === 0) break;
      for (let i = 0; i < bytesRead; i++) if (chunk[i] === 10) lines++;
      last = chunk[bytesRead - 1];
      bytes += bytesRead;
    }
    const header = /\.(ndjson|jsonl)$/i.test(path) ? 0 : 1;
    if (bytes === 0) return 0;
    if (bytes < size) return Math.round((lines / bytes) * size);
    return Math.max(0, lines + (last === 10 ? 0 : 1) - header);
  } finally {
    await file.close();
  }
}

import { AppendFile } from './append.js';
import type { Encode } from './encode.js';
import type { Sink } from './sink.js';

/** One JSON line a row, appended to a file; its marks are lengths in bytes. */
export function ndjsonSink<T>(path: string, encode: Encode<T>): Sink<T> {
  const file = new AppendFile(path);
  return {
    name: path,
    open: (mark) => file.open(mark ?? 0),
    write: (rows, origin) =>
      rows.length === 0 ? Promise.resolve() : file.append(linesOf(rows, encode, origin?.shard)),
    flush: () => file.sync(),
    async close() {
      await file.sync();
      await file.close();
    },
  };
}

/** One JSON line a row to standard output or another stream, which cannot take anything back when it is resumed. */
export function streamSink<T>(
  encode: Encode<T>,
  stream: NodeJS.WritableStream = process.stdout,
  name = 'stdout',
): Sink<T> {
  let bytes = 0;
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(text, (error) => (error ? reject(error) : resolve()));
    });
  return {
    name,
    async open(mark) {
      bytes = mark ?? 0;
    },
    async write(rows, origin) {
      if (rows.length === 0) return;
      const text = linesOf(rows, encode, origin?.shard);
      await write(text);
      bytes += Buffer.byteLength(text);
    },
    flush: () => Promise.resolve(bytes),
    close: () => Promise.resolve(),
  };
}

function linesOf<T>(rows: readonly T[], encode: Encode<T>, shard: string | undefined): string {
  let text = '';
  for (const row of rows) text += `${encode(row, shard)}\n`;
  return text;
}

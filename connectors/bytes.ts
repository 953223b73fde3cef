import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate as turn } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { hint } from './nearest.js';

/** An input that breaks off or is damaged: what came before it is good, what follows is lost. */
export class CutInput extends Error {
  override readonly name = 'CutInput';
}

/** Bytes that can be read from their start again. */
export interface Input {
  /** What errors call it, for instance the path. */
  readonly name: string;
  bytes(stop?: AbortSignal): AsyncIterable<Uint8Array>;
}

const chunkBytes = 1 << 16;

/** The bytes of a file, unpacked if they are gzip. */
export function fileInput(path: string): Input {
  return {
    name: path,
    async *bytes() {
      await mustBeFile(path);
      yield* unpacked(createReadStream(path, { highWaterMark: chunkBytes }), path);
    },
  };
}

/** Throws an error that helps unless there is a file at `path`. */
export async function mustBeFile(path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (found.code !== 'ENOENT') throw new Error(`${path}: cannot be read: ${found.message}`);
    const beside = await readdir(dirname(resolve(path))).catch(() => []);
    throw new Error(`${path}: expected a file, there is none${hint(basename(path), beside)}`);
  }
  if (found.isDirectory()) throw new Error(`${path}: expected a file, it is a folder: name one file in it`);
  return found.size;
}

/**
 * The bytes of a stream that can be read once, such as standard input. Looking at its head counts as no reading: those
 * chunks are kept and come again.
 */
export function streamInput(name: string, stream: NodeJS.ReadableStream & { destroy?(): void }): Input {
  const kept: Uint8Array[] = [];
  let packed: AsyncIterator<string | Uint8Array> | undefined;
  let passes = 0;
  async function* raw(stop: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const looking = passes++ === 0;
    if (passes > 2) throw new Error(`${name}: can be read only once: store it in a file and replay that`);
    packed ??= (stream as AsyncIterable<string | Uint8Array>)[Symbol.asyncIterator]();
    const give = (): void => stream.destroy?.();
    stop?.addEventListener('abort', give, { once: true });
    try {
      if (!looking) yield* kept.splice(0);
      for (;;) {
        const step = await packed.next();
        if (step.done) return;
        const chunk = typeof step.value === 'string' ? Buffer.from(step.value) : step.value;
        if (looking) kept.push(chunk);
        yield chunk;
      }
    } catch (error) {
      if (!stop?.aborted) throw error;
    } finally {
      stop?.removeEventListener('abort', give);
    }
  }
  return { name, bytes: (stop) => unpacked(raw(stop), name) };
}

/** Passes bytes on, unpacked if they begin as a gzip does. */
async function* unpacked(source: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let unpack: ReturnType<typeof gunzip> | undefined;
  let plain = false;
  let first: Uint8Array = new Uint8Array(0);
  for await (const part of source) {
    if (plain) yield part;
    else if (unpack) yield* unpack.take(part);
    else {
      first = first.length > 0 ? Buffer.concat([first, part]) : part;
      if (first.length < 2) continue;
      if (first[0] === 0x1f && first[1] === 0x8b) {
        unpack = gunzip(name);
        yield* unpack.take(first);
      } else {
        plain = true;
        yield first;
      }
    }
  }
  if (unpack) yield* unpack.finish();
  else if (!plain && first.length > 0) yield first;
}

/** A gunzip that is pushed, so that what was unpacked before a fault is not lost with it, as it is in a pipe. */
function gunzip(name: string) {
  const stream = createGunzip();
  let ready: Uint8Array[] = [];
  let bytes = 0;
  let fault: Error | undefined;
  stream.on('data', (chunk: Uint8Array) => ready.push(chunk));
  stream.on('error', (error: Error) => {
    fault ??= error;
  });
  const ripe = async function* (): AsyncGenerator<Uint8Array> {
    // Data events of a chunk may come a turn after its callback.
    await turn();
    const taken = ready;
    ready = [];
    yield* taken;
    if (fault) {
      throw new CutInput(
        `${name}: expected a whole gzip, it breaks at byte ${bytes} (${fault.message}): ` +
          'get the file again; the rows before were read',
      );
    }
  };
  /** Waits for `begin` to call back; a fault closes the stream without calling back. */
  const settled = (begin: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        stream.off('close', done);
        resolve();
      };
      stream.once('close', done);
      begin(done);
    });
  return {
    async *take(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
      if (!fault) await settled((done) => stream.write(chunk, () => done()));
      bytes += chunk.length;
      yield* ripe();
    },
    async *finish(): AsyncGenerator<Uint8Array> {
      if (!fault) await settled(() => stream.end());
      yield* ripe();
    },
  };
}

/** The bytes of an input as text without byte order mark; refuses UTF-16. */
export async function* textOf(input: Input, stop?: AbortSignal): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let begun = false;
  for await (const chunk of input.bytes(stop)) {
    const piece = decoder.write(chunk as Buffer);
    if (begun || piece === '') {
      yield piece;
      continue;
    }
    begun = true;
    if ((chunk[0] === 0xff && chunk[1] === 0xfe) || (chunk[0] === 0xfe && chunk[1] === 0xff)) {
      throw new Error(`${input.name}: expected UTF-8 text, it is UTF-16: convert it, for instance with iconv`);
    }
    yield piece.charCodeAt(0) === 0xfeff ? piece.slice(1) : piece;
  }
  yield decoder.end();
}

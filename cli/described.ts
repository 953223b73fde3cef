import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './failure.js';

/** The value a JSON file holds, or a module exports by default. */
export async function described(file: string): Promise<unknown> {
  if (['.js', '.mjs', '.ts', '.mts'].includes(extname(file).toLowerCase())) {
    const module = (await import(pathToFileURL(resolve(file)).href).catch((error: Error) => {
      throw new UsageError(`${file}: cannot be imported: ${error.message}`);
    })) as { default?: unknown };
    if (module.default === undefined) throw new UsageError(`${file}: expected a default export, there is none`);
    return module.default;
  }
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'ENOENT' ? `${file}: expected a file, there is none` : `${file}: cannot be read: ${error.message}`,
    );
  });
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Node's message quotes the text around the fault, which may be a secret somebody has written there.
    const place = /position \d+(?: \(line \d+ column \d+\))?|Unexpected end of JSON input/.exec(
      (error as Error).message,
    );
    throw new UsageError(`${file}: expected JSON, it breaks at ${place?.[0] ?? 'some place'}`);
  }
}

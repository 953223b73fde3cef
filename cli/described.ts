import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseJson } from '../connectors/json-text.js';
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
    return parseJson(text);
  } catch (error) {
    throw new UsageError(`${file}: expected JSON: ${(error as Error).message}`);
  }
}

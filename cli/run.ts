import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Budget } from '../pipelines/budget.js';
import { SpecError } from '../pipelines/spec-error.js';
import { budgetOf } from './budget.js';
import { exitCodes, UsageError } from './failure.js';
import type { Io } from './io.js';

/** The options of `engram run`, parsed. */
export interface RunFileOptions extends Budget {
  readonly quiet?: boolean;
}

/** Runs what a file describes on Kafka until Ctrl-C or SIGTERM: then it finishes, saves, and leaves the group. */
export async function runFile(file: string, { quiet = false, ...limits }: RunFileOptions, io: Io): Promise<number> {
  // Loaded here only: no other command needs the client.
  const [{ parseKafkaRun }, { runKafka }] = await Promise.all([
    import('../pipelines/kafka-spec.js'),
    import('../pipelines/kafka-run.js'),
  ]);
  const options = await parseKafkaRun(await described(file), file).catch((error: Error) => {
    throw error instanceof SpecError ? new UsageError(error.message) : error;
  });
  const stop = new AbortController();
  const off = io.onInterrupt(() => stop.abort());
  try {
    const onLog = (line: string): void => void (quiet || io.stderr.write(`${line}\n`));
    const pipeline = options.pipeline.within(budgetOf(limits).budget ?? {});
    await runKafka({ ...options, pipeline, onLog }, stop.signal);
    return exitCodes.done;
  } finally {
    off();
  }
}

/** The value a JSON file holds, or a module exports by default. */
async function described(file: string): Promise<unknown> {
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
    throw new UsageError(`${file}: expected JSON: ${(error as Error).message}`);
  }
}

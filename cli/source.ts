import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CutInput } from '../connectors/bytes.js';
import { endings, type FileFormat, type FileOptions, fileSource, streamSource } from '../connectors/file.js';
import { hint } from '../connectors/nearest.js';
import type { Opening, Source } from '../connectors/source.js';
import type { TimeFormat } from '../connectors/times.js';
import type { RecordFormat } from '../pipelines/record-formats.js';
import { SpecError } from '../pipelines/spec-error.js';
import { UsageError } from './failure.js';
import type { Io } from './io.js';

/** What a command is told of the log it reads. */
export interface LogOptions {
  readonly time?: string;
  readonly values?: readonly string[];
  /** Columns of words. */
  readonly category?: readonly string[];
  readonly key?: string;
  readonly format?: FileFormat | RecordFormat;
  readonly timeFormat?: TimeFormat;
  readonly zone?: string;
  readonly step?: number;
}

/** The log of a command: a file, or standard input for `-`. */
export function sourceOf(input: string, options: LogOptions, { stdin }: Io): Source {
  if (input !== '-' && !existsSync(input)) {
    const folder = dirname(input);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    throw new UsageError(`${input}: expected a file, there is none${hint(basename(input), names)}`);
  }
  if (input !== '-' && statSync(input).isDirectory()) {
    const [first] = readdirSync(input).filter((name) =>
      Object.keys(endings).some((ending) => name.endsWith(`.${ending}`)),
    );
    const one = first === undefined ? 'name a file' : `name a file in it, such as ${join(input, first)}`;
    throw new UsageError(`${input}: expected a file, got a folder: ${one}`);
  }
  const { time, values, category: categories, key, format, timeFormat, zone, step } = options;
  const known = [...new Set(Object.values(endings))];
  if (format !== undefined && !known.includes(format as FileFormat)) {
    throw new UsageError(`--format: expected one of ${known.join(', ')} for a file, got ${format}, which topics have`);
  }
  const given = Object.entries({ time, values, categories, key, format, timeFormat, zone, step }).filter(
    ([, value]) => value !== undefined,
  );
  const settings = Object.fromEntries(given) as FileOptions;
  return input === '-' ? streamSource(stdin, settings) : fileSource(input, settings);
}

/** Faults of what was asked for, told as such. */
export async function usage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CutInput || !(error instanceof Error)) throw error;
    const plainError = error instanceof SpecError || error.constructor === Error || error.constructor === RangeError;
    throw plainError ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** The source, without being asked again what it holds. */
export const opened = (source: Source, opening: Opening): Source => ({
  open: () => Promise.resolve(opening),
  read: (...given) => source.read(...given),
  starts: async (...given) => source.starts?.(...given),
  close: async () => source.close?.(),
});

import { basename } from 'node:path';
import { type ArrowFormat, arrowTable } from './arrow.js';
import { fileInput, type Input, streamInput } from './bytes.js';
import { type CsvOptions, csvTable } from './csv.js';
import { ndjsonTable } from './ndjson.js';
import { hint } from './nearest.js';
import { parquetTable } from './parquet.js';
import { shown } from './rejects.js';
import type { Source } from './source.js';
import { type Table, type TableOptions, TableSource } from './table.js';

export type FileFormat = 'csv' | 'ndjson' | ArrowFormat | 'parquet';

export interface FileOptions extends TableOptions, CsvOptions {
  /** What the file is, where its name does not tell. */
  readonly format?: FileFormat;
}

/** Endings of file names and the format they stand for. */
export const endings: Readonly<Record<string, FileFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  arrow: 'arrow',
  arrows: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
  parquet: 'parquet',
};

const tables: Readonly<Record<FileFormat, (input: Input, options: FileOptions) => Table>> = {
  csv: csvTable,
  ndjson: ndjsonTable,
  arrow: arrowTable,
  parquet: (input) => parquetTable(input.name),
};

/** The events of a file, read in the format its name says; `.gz` may follow that name. */
export function fileSource(path: string, options: FileOptions = {}): Source {
  const format = options.format ?? formatOfPath(path);
  return tableSource(format, fileInput(path), options.shard ?? stem(path), options);
}

/** The events of standard input, or of another stream that can be read once: CSV if not said otherwise. */
export function streamSource(
  stream: NodeJS.ReadableStream & { destroy?(): void } = process.stdin,
  options: FileOptions = {},
): Source {
  const { format = 'csv', shard = 'stdin' } = options;
  if (format === 'parquet') {
    throw new Error('format (--format): expected csv, ndjson or arrow for a stream, got parquet: store it in a file');
  }
  return tableSource(format, streamInput(shard, stream), shard, options);
}

function tableSource(format: FileFormat, input: Input, shard: string, options: FileOptions): Source {
  if (!Object.hasOwn(tables, format)) {
    const names = Object.keys(tables);
    throw new Error(`format: expected ${names.join(', ')}, got ${shown(format)}${hint(String(format), names)}`);
  }
  return new TableSource(tables[format](input, options), shard, options);
}

/** The format a file name stands for; throws where it stands for none. */
export function formatOfPath(path: string): FileFormat {
  const ending = /\.([^./\\]+?)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  if (ending !== undefined && Object.hasOwn(endings, ending)) return endings[ending];
  throw new Error(
    `${path}: expected a name that ends with .${Object.keys(endings).join(', .')}` +
      `${ending === undefined ? '' : hint(ending, Object.keys(endings))}: rename it, or name the format (--format)`,
  );
}

/** The name of a file without folder and endings: `data/nyc_taxi.csv.gz` gives `nyc_taxi`. */
export function stem(path: string): string {
  const base = basename(path);
  return base.replace(/(?:\.gz)$/i, '').replace(/(?<=.)\.[^.]*$/, '') || base;
}

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface TableOptions {
  readonly separator?: string;
  /** Lines before the data, names included. */
  readonly headerLines?: number;
}

/** A text table of a benchmark, read whole: these files are small, fixed and free of quotes. */
export interface Table {
  readonly path: string;
  readonly names: readonly string[];
  /** The fields of each data line. */
  readonly lines: readonly (readonly string[])[];
}

/** Reads a delimited file (plain or .gz) and checks that every line has as many fields as the header. */
export function readTable(path: string, { separator = ',', headerLines = 1 }: TableOptions = {}): Table {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\uFEFF/, '');
  const all = text.split(/\r?\n/);
  if (all.at(-1) === '') all.pop();
  if (all.length < headerLines) {
    throw new Error(`${path}: expected ${headerLines} header lines, the file has ${all.length}: fetch it again`);
  }
  const names = headerLines > 0 ? all[0].split(separator) : [];
  const lines = all.slice(headerLines).map((line, at) => {
    const fields = line.split(separator);
    if (names.length > 0 && fields.length !== names.length) {
      throw new Error(
        `${path}, line ${at + headerLines + 1}: expected ${names.length} fields (${names.join(separator)}), ` +
          `came ${fields.length}: the file is damaged, fetch it again`,
      );
    }
    return fields;
  });
  return { path, names, lines };
}

/** The position of a named column. */
export function column({ path, names }: Table, name: string): number {
  const at = names.indexOf(name);
  if (at < 0) throw new Error(`${path}: expected a column "${name}", came ${names.join(', ')}: this is another file`);
  return at;
}

/** A field as a number; an empty one is missing, anything else that is no number is an error. */
export function numberOf(field: string, path: string): number {
  if (field === '') return Number.NaN;
  const value = Number(field);
  if (Number.isNaN(value)) throw new Error(`${path}: expected a number, came ${JSON.stringify(field)}`);
  return value;
}

const iso = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})/;

/** `2014-07-01 00:30:00` (a fraction is dropped) as milliseconds UTC. */
export function timeOf(text: string, path: string): number {
  const parts = iso.exec(text);
  if (!parts) throw new Error(`${path}: expected a time like "2014-07-01 00:30:00", came ${JSON.stringify(text)}`);
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** `2014-07-01 00:30:00`, the way the benchmark files write a time. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
}

import { basename, dirname, join, resolve } from 'node:path';
import { hint } from '../connectors/nearest.js';
import { UsageError } from './failure.js';

const kinds = ['forecasts', 'anomalies', 'rejects', 'shadow'] as const;
export type OutputKind = (typeof kinds)[number];

const formats = { ndjson: 'ndjson', jsonl: 'ndjson', arrow: 'arrow', parquet: 'parquet' } as const;
export type OutputFormat = (typeof formats)[keyof typeof formats];

/** A file that results go to, or standard output. */
export interface Output {
  readonly kind: OutputKind;
  /** `-` is standard output. */
  readonly path: string;
  readonly format: OutputFormat;
}

/** What `--out` names: `anomalies.ndjson` takes anomalies by its name, `anomalies:run1.ndjson` by what stands before it. */
export function parseOut(text: string): Output {
  const [, word, rest] = /^([A-Za-z]{2,}):(.*)$/s.exec(text) ?? [];
  if (word !== undefined && !kinds.includes(word as OutputKind)) {
    const came = `got ${JSON.stringify(word)}${hint(word, kinds)}`;
    throw new UsageError(
      `--out ${text}: expected forecasts:, anomalies:, rejects: or shadow: before the file, ${came}`,
    );
  }
  const path = rest ?? text;
  const kind = (word as OutputKind | undefined) ?? kindOf(basename(path));
  if (path === '-') return { kind, path, format: 'ndjson' };
  return { kind, path, format: formatOf(path) };
}

function kindOf(name: string): OutputKind {
  return kinds.find((kind) => name.toLowerCase().startsWith(kind)) ?? 'forecasts';
}

function formatOf(path: string): OutputFormat {
  const ending = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase();
  if (ending !== undefined && Object.hasOwn(formats, ending)) return formats[ending as keyof typeof formats];
  const expected = 'expected a name that ends with .ndjson, .jsonl, .arrow or .parquet, or - for standard output';
  const came = ending === undefined ? JSON.stringify(path) : `.${ending}${hint(ending, Object.keys(formats))}`;
  throw new UsageError(`--out ${path}: ${expected}, got ${came}`);
}

/** Where rejects go: what was named, or a file beside the first output, or in the state folder, or here. */
export function withRejects(outputs: readonly Output[], state: string | undefined): Output[] {
  if (outputs.some(({ kind }) => kind === 'rejects')) return [...outputs];
  const first = outputs.find(({ path }) => path !== '-');
  const folder = first ? dirname(first.path) : (state ?? '.');
  return [...outputs, { kind: 'rejects', path: join(folder, 'rejects.ndjson'), format: 'ndjson' }];
}

/** Refuses to write two things into one file, or over what is read. */
export function refuseClashes(outputs: readonly Output[], input: string, report: string | undefined): void {
  const taken = new Map<string, string>();
  if (input !== '-') taken.set(resolve(input), 'the input');
  const named = outputs.map(({ kind, path }) => ({ path, what: `--out ${kind}` }));
  for (const { path, what } of [...named, ...(report ? [{ path: report, what: '--report' }] : [])]) {
    const place = path === '-' ? '-' : resolve(path);
    const other = taken.get(place);
    if (other !== undefined) {
      throw new UsageError(`${what}: expected a file of its own, got ${path}, which is ${other}: choose another name`);
    }
    taken.set(place, path === '-' ? 'already used for --out' : `already used for ${what}`);
  }
}

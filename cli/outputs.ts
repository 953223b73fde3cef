import { basename, dirname, join, resolve } from 'node:path';
import { isKafkaUrl, type KafkaAddress, parseKafkaUrl, redacted } from '../connectors/kafka/address.js';
import { hint } from '../connectors/nearest.js';
import { UsageError } from './failure.js';

const kinds = ['forecasts', 'anomalies', 'rejects', 'shadow'] as const;
export type OutputKind = (typeof kinds)[number];

const formats = { ndjson: 'ndjson', jsonl: 'ndjson', arrow: 'arrow', parquet: 'parquet' } as const;
export type OutputFormat = (typeof formats)[keyof typeof formats];

/** A file that results go to, or standard output. */
export interface FileOutput {
  readonly kind: OutputKind;
  /** `-` is standard output. */
  readonly path: string;
  readonly format: OutputFormat;
}

/** A topic that results go to; its path is the whole address. */
export interface TopicOutput {
  readonly kind: OutputKind;
  readonly path: string;
  readonly format: 'kafka';
  readonly address: KafkaAddress;
}

export type Output = FileOutput | TopicOutput;

export const isTopic = (output: Output): output is TopicOutput => output.format === 'kafka';

/** What `--out` names: `anomalies.ndjson` takes anomalies by its name, `anomalies:run1.ndjson` by what stands before it. */
export function parseOut(text: string): Output {
  const [, word, rest] = /^([A-Za-z]{2,}):(.*)$/s.exec(text) ?? [];
  if (isKafkaUrl(text)) return topicOf(text, undefined);
  if (word !== undefined && !kinds.includes(word as OutputKind)) {
    const came = `got ${JSON.stringify(word)}${hint(word, [...kinds, 'kafka'])}`;
    throw new UsageError(
      `--out ${redacted(text)}: expected a file, kafka://host:port/topic, or forecasts:, anomalies:, rejects: or shadow: before one, ${came}`,
    );
  }
  const path = rest ?? text;
  if (isKafkaUrl(path)) return topicOf(path, word as OutputKind);
  const kind = (word as OutputKind | undefined) ?? kindOf(basename(path));
  if (path === '-') return { kind, path, format: 'ndjson' };
  return { kind, path, format: formatOf(path) };
}

function topicOf(url: string, named: OutputKind | undefined): TopicOutput {
  let address: KafkaAddress;
  try {
    address = parseKafkaUrl(url);
  } catch (error) {
    throw new UsageError(`--out: ${(error as Error).message}`);
  }
  if (address.from !== undefined || address.to !== undefined) {
    throw new UsageError('--out: expected kafka://host:port/topic, got from or to, which belong to the input');
  }
  const path = `kafka://${address.brokers.join(',')}/${address.topic}`;
  return { kind: named ?? topicKind(address.topic), path, format: 'kafka', address };
}

/** `traffic.anomalies` as a live run names it, or `anomalies-2024` as a file would be. */
function topicKind(topic: string): OutputKind {
  const last = topic.slice(topic.lastIndexOf('.') + 1).toLowerCase();
  if (last === 'dlq') return 'rejects';
  return kinds.find((kind) => kind === last) ?? kindOf(topic);
}

/** By the beginning of a name, or by a word of it: `anomalies-2024.ndjson`, `pump-anomalies.ndjson`. */
function kindOf(name: string): OutputKind {
  const words = name.toLowerCase().split(/[-_. ]+/);
  return (
    kinds.find((kind) => name.toLowerCase().startsWith(kind)) ??
    kinds.find((kind) => words.includes(kind)) ??
    'forecasts'
  );
}

function formatOf(path: string): OutputFormat {
  const ending = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase();
  if (ending !== undefined && Object.hasOwn(formats, ending)) return formats[ending as keyof typeof formats];
  const expected =
    'expected a name that ends with .ndjson, .jsonl, .arrow or .parquet, kafka://host:port/topic, or - for standard output';
  const came =
    ending === undefined ? JSON.stringify(redacted(path)) : `.${ending}${hint(ending, Object.keys(formats))}`;
  throw new UsageError(`--out ${redacted(path)}: ${expected}, got ${came}`);
}

/** Where rejects go: what was named, or a file beside the first output, or in the state folder, or here. */
export function withRejects(outputs: readonly Output[], state: string | undefined): Output[] {
  if (outputs.some(({ kind }) => kind === 'rejects')) return [...outputs];
  const first = outputs.find((output) => output.path !== '-' && !isTopic(output));
  const folder = first ? dirname(first.path) : (state ?? '.');
  return [...outputs, { kind: 'rejects', path: join(folder, 'rejects.ndjson'), format: 'ndjson' }];
}

/** Refuses to write two things into one place, or over what is read. */
export function refuseClashes(
  outputs: readonly Output[],
  input: string,
  report: string | undefined,
  live: readonly string[] = [],
): void {
  // A replay into what a live run writes would put every row there twice.
  const taken = new Map(live.map((topic) => [`kafka:${topic}`, 'written by `engram run` with the file of --run']));
  if (input !== '-') taken.set(placeOf(input), 'the input');
  const named = outputs.map(({ kind, path }) => ({ path, what: `--out ${kind}` }));
  for (const { path, what } of [...named, ...(report ? [{ path: report, what: '--report' }] : [])]) {
    const place = placeOf(path);
    const other = taken.get(place);
    if (other !== undefined) {
      const thing = isKafkaUrl(path) ? 'topic' : 'file';
      throw new UsageError(
        `${what}: expected a ${thing} of its own, got ${path}, which is ${other}: choose another name`,
      );
    }
    taken.set(place, path === '-' ? 'already used for --out' : `already used for ${what}`);
  }
}

/** Files by where they are; topics by their name alone, because a cluster has many addresses. */
function placeOf(path: string): string {
  if (isKafkaUrl(path)) return `kafka:${/^kafka:\/\/[^/]*\/([^?]*)/i.exec(path)?.[1]}`;
  return path === '-' ? '-' : resolve(path);
}

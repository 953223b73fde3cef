import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { type BrokenJson, parseJson } from '../connectors/json-text.js';
import { hint } from '../connectors/nearest.js';
import type { Mark, Verdict } from '../event.js';
import { reservedLabels } from '../operators/alert-rule.js';
import { strangeLabels } from '../pipelines/alert-labels.js';
import { type Silence, Silences } from '../pipelines/alert-silences.js';
import { parseSilences } from '../pipelines/alert-spec.js';
import { FileStore } from '../state/stores/file.js';
import { jsonOf } from './alert-desk.js';
import { exitCodes, UsageError } from './failure.js';
import type { Io } from './io.js';

export interface MarkOptions {
  readonly id: string;
  readonly verdict: Verdict;
  readonly marks: string;
  readonly at?: number;
  readonly state?: string;
}

/** What a line of alerts or anomalies tells of the stretch it is about. */
interface Told {
  readonly id: string;
  readonly key: string;
  readonly shard: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly endOffset: number | undefined;
}

/** Adds what an operator says of an anomaly to a file of marks, at a place of the log. */
export async function markAnomaly(file: string, options: MarkOptions, io: Io): Promise<number> {
  const { id, verdict, marks, state } = options;
  const told = await find(file, id);
  const offset = options.at ?? (state === undefined ? behind(told) : await behindState(state, told.shard));
  const mark: Mark = { key: told.key, verdict, startMs: told.startMs, endMs: told.endMs, of: id, offset };
  await appendFile(marks, `${JSON.stringify(mark)}\n`);
  io.stdout.write(
    `${told.key} from ${iso(told.startMs)} to ${iso(told.endMs)}: ${verdict}, taken in at row ${offset} (${marks})\n`,
  );
  return exitCodes.done;
}

/** The last line about an id. */
async function find(file: string, id: string): Promise<Told> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file}: expected an NDJSON file of alerts or anomalies, it cannot be read (${error.code})`);
  });
  let found: Told | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let row: Record<string, unknown>;
    try {
      row = parseJson(line) as Record<string, unknown>;
    } catch (error) {
      const { inLine } = error as BrokenJson;
      throw new UsageError(`${file} line ${i + 1}: expected JSON, one alert or anomaly a line: ${inLine}`);
    }
    if (row.id === id) found = toldOf(row);
  }
  if (found) return found;
  throw new UsageError(`--id: expected the id of an alert or anomaly in ${file}, got ${JSON.stringify(id)}`);
}

function toldOf(row: Record<string, unknown>): Told {
  const [id, key] = [String(row.id), String(row.key)];
  if (typeof row.startsAt === 'string') {
    const { topic } = row.source as { topic: string };
    const end = typeof row.endsAt === 'string' ? Date.parse(row.endsAt) : Number(row.timeMs);
    return { id, key, shard: topic, startMs: Date.parse(row.startsAt), endMs: end, endOffset: undefined };
  }
  const shard = id.slice(0, id.lastIndexOf('@'));
  return { id, key, shard, startMs: Number(row.startMs), endMs: Number(row.endMs), endOffset: Number(row.endOffset) };
}

function behind({ endOffset }: Told): number {
  if (endOffset !== undefined) return endOffset + 1;
  throw new UsageError(
    '--at: expected a place in the log, as an alert does not say where it ended: give --at, or --state',
  );
}

async function behindState(folder: string, shard: string): Promise<number> {
  const checkpoint = await new FileStore(folder).load(shard);
  if (checkpoint) return checkpoint.next;
  throw new UsageError(
    `--state ${folder}: expected a checkpoint of ${shard}, there is none: name the folder of the run`,
  );
}

export interface SilenceOptions {
  readonly match: readonly string[];
  readonly for: number;
  readonly from?: number;
  readonly name?: string;
  readonly comment?: string;
}

/** Adds a silence to a file of them, written beside and moved there: a run that looks never sees half of it. */
export async function addSilence(file: string, options: SilenceOptions, io: Io): Promise<number> {
  const { match, for: lengthMs, from = Date.now(), comment } = options;
  const existing = await jsonOf(file).catch((error: Error) => {
    if (error.message.includes('ENOENT')) return [];
    throw error;
  });
  const silences = parseSilences(existing, file);
  const silence: Silence = {
    name: options.name ?? `silence-${silences.length + 1}`,
    match: matchOf(match),
    startsAt: iso(from),
    endsAt: iso(from + lengthMs),
    ...(comment === undefined ? {} : { comment }),
  };
  try {
    void new Silences([silence]);
  } catch (error) {
    throw new UsageError(`alerts silence: ${(error as Error).message.replace(/^silences\[0\]\.match\./, '--match ')}`);
  }
  await writeFile(`${file}.tmp`, `${JSON.stringify([...silences, silence], null, 2)}\n`);
  await rename(`${file}.tmp`, file);
  for (const label of strangeLabels(silence.match)) {
    io.stderr.write(
      `engram: alerts silence: ${label} is no label that all alerts have (${reservedLabels.join(', ')})` +
        `${hint(label, reservedLabels)}: it holds back only alerts that get it from labels of a rule or from keyLabels\n`,
    );
  }
  io.stdout.write(`${silence.name}: ${match.join(', ')} until ${silence.endsAt} (${file})\n`);
  return exitCodes.done;
}

function matchOf(pairs: readonly string[]): Record<string, string[]> {
  const match = new Map<string, string[]>();
  for (const pair of pairs) {
    const [, label, pattern] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(pair) ?? [];
    if (label === undefined) {
      throw new UsageError(`--match: expected label=pattern such as key=pump-*, got ${JSON.stringify(pair)}`);
    }
    match.set(label, [...(match.get(label) ?? []), pattern]);
  }
  return Object.fromEntries(match);
}

const iso = (ms: number): string => new Date(ms).toISOString();

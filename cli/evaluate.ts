import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hint } from '../connectors/nearest.js';
import {
  type Benchmark,
  type Metrics,
  mismatches,
  type Prepared,
  type Reference,
  runBenchmark,
} from '../evaluation/benchmark.js';
import { benchmarks } from '../evaluation/catalog.js';
import { findFolder } from '../evaluation/data/folder.js';
import { forecasterOf } from '../evaluation/forecaster.js';
import { htmDetectorOf } from '../evaluation/htm-detector.js';
import { type LeakCheck, leakTest } from '../evaluation/leak.js';
import { sequences } from '../evaluation/protocols/sequences.js';
import { RowsFile } from '../evaluation/rows-file.js';
import { type MemoryName, memories, memoryOf } from '../models/catalog.js';
import type { HeadName } from '../models/heads.js';
import { headsOf, refusedHead } from '../operators/remember.js';
import { evaluateSequences } from './evaluate-sequences.js';
import { evaluationTable } from './evaluation-table.js';
import { exitCodes, UsageError } from './failure.js';
import type { Io } from './io.js';
import { count } from './numbers.js';

/** The options of `engram evaluate`, parsed. */
export interface EvaluateOptions {
  /** Folder of the benchmark's data, or its parent; not needed where data are made up. */
  readonly data?: string | undefined;
  /** Names with commas between; `default` when absent. */
  readonly memory?: string;
  /** How many random starts of each memory that has one, as text; 1 when absent, 10 for sequences. */
  readonly seeds?: string;
  /** What makes the distributions of the memories asked for. */
  readonly head?: string;
  /** How alarms of the memories asked for are made, names with commas between; `all`, and for `htm` `likelihood` too, when absent. */
  readonly detector?: string;
  /** With `all`: benchmarks with commas between. */
  readonly only?: string;
  readonly json?: string;
  /** Folder for what was scored, row by row. */
  readonly out?: string;
  readonly leakTest?: boolean;
}

/** What one memory got. */
export interface EvaluationResult {
  /** With its head behind a dash, where it has one, and its detector, where that is not all evidence. */
  readonly memory: string;
  /** Which of several random starts, from 1 on; 0 for memories without chance. */
  readonly seed: number;
  readonly metrics: Metrics;
  readonly seconds: number;
  readonly rows: number;
  readonly leaks?: readonly LeakCheck[];
}

/** The floors that every figure is printed beside. */
const floors = ['last-value', 'seasonal-naive', 'rls'] as const;

/** The kinds of evidence of `detect`, or HTM alone by the anomaly likelihood of its own surprise. */
const detectors = ['all', 'surprise', 'conformal', 'likelihood'] as const;
type Detector = (typeof detectors)[number];

/** The detectors of a memory: HTM is also judged by its own, as it was published, unless one is asked for. */
export function detectorsOf(
  memory: MemoryName,
  benchmark: Pick<Benchmark, 'name' | 'kind'>,
  name: string | undefined,
): readonly Detector[] {
  const own = benchmark.kind === 'anomaly' && memory === 'htm';
  if (name === undefined) return own ? ['all', 'likelihood'] : ['all'];
  return name.split(',').map((one) => {
    const found = detectors.find((detector) => detector === one);
    if (!found) {
      throw new UsageError(
        `--detector: expected one of ${detectors.join(', ')}, got ${JSON.stringify(one)}${hint(one, detectors)}`,
      );
    }
    if (found !== 'all' && benchmark.kind !== 'anomaly') {
      throw new UsageError(
        `--detector: expected ${found} with a benchmark of alarms, got ${benchmark.name}: leave it out`,
      );
    }
    if (found === 'likelihood' && !own) {
      throw new UsageError(`--detector: expected likelihood with --memory htm, got ${memory}: leave it out`);
    }
    return found;
  });
}

/** Puts memories to the test of a benchmark, with the floors beside them; the exit code. */
export async function evaluate(name: string, options: EvaluateOptions, io: Io): Promise<number> {
  if (name === sequences.name) return evaluateSequences(options, io);
  const benchmark = benchmarkOf(name);
  if (options.only !== undefined)
    throw new UsageError(`--only: expected with "all" alone, got with ${name}: leave it out`);
  const asked = memoriesOf(options.memory ?? 'default');
  for (const memory of asked) {
    headOf(options.head, memory);
    detectorsOf(memory, benchmark, options.detector);
  }
  const prepared = prepare(benchmark, options.data);
  const results: EvaluationResult[] = [];
  for (const memory of new Set([...asked, ...(benchmark.alone ? [] : floors)])) {
    const own = asked.includes(memory) ? options : {};
    for (const seed of seedsOf(memory, options.seeds)) {
      for (const detector of detectorsOf(memory, benchmark, own.detector)) {
        results.push(runOne(benchmark, prepared, memory, seed, { ...own, detector }, io));
      }
    }
  }
  if (io.stderr.isTTY) io.stderr.write(`${benchmark.name}  outputs of known methods are scored`);
  const references = prepared.references();
  if (io.stderr.isTTY) io.stderr.write('\r\u001B[2K');
  if (options.json) writeJson(options.json, benchmark, results, references);
  const lines = evaluationTable(benchmark, results, references, io.stdout.columns ?? 160);
  io.stdout.write(`${lines.join('\n')}\n`);
  const faults = [
    ...references.flatMap(mismatches),
    ...results.flatMap(({ memory, leaks = [] }) =>
      leaks.filter(({ same }) => !same).map(({ stream, row }) => `${memory} looked ahead: ${stream}, row ${row}`),
    ),
  ];
  for (const fault of faults) io.stderr.write(`engram: ${fault}\n`);
  return faults.length === 0 ? exitCodes.done : exitCodes.failed;
}

function benchmarkOf(name: string): Benchmark {
  const found = benchmarks.find((benchmark) => benchmark.name === name);
  if (found) return found;
  const names = [...benchmarks.map((benchmark) => benchmark.name), sequences.name];
  throw new UsageError(
    `benchmark: expected one of ${names.join(', ')}, got ${JSON.stringify(name)}${hint(name, names)}`,
  );
}

export function memoriesOf(text: string): MemoryName[] {
  const names = Object.keys(memories);
  return text.split(',').map((name) => {
    if (Object.hasOwn(memories, name)) return name as MemoryName;
    throw new UsageError(
      `--memory: expected one of ${names.join(', ')}, got ${JSON.stringify(name)}${hint(name, names)}`,
    );
  });
}

function headOf(name: string | undefined, memory: MemoryName): HeadName | undefined {
  const wrong = name === undefined ? undefined : refusedHead(memory, name);
  if (wrong !== undefined) throw new UsageError(`--head: ${wrong}${hint(name as string, headsOf(memory))}`);
  // No head by its name is what there is without it.
  return name === 'none' ? undefined : (name as HeadName | undefined);
}

/** The random starts of a memory, 1 and so on; of one without chance 0 alone. */
export function seedsOf(memory: MemoryName, text = '1'): number[] {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw new UsageError(`--seeds: expected a whole number from 1 to 1000, got ${JSON.stringify(text)}`);
  }
  if (memoryOf(memory, { channels: 1, horizons: [1] }).seed === undefined) return [0];
  return Array.from({ length: count }, (_, i) => i + 1);
}

export function prepare(benchmark: Benchmark, data: string | undefined): Prepared {
  if (!benchmark.folder) return benchmark.prepare('');
  if (data === undefined) {
    const { name, title } = benchmark.folder;
    throw new UsageError(
      `--data: expected the folder "${name}" (${title}) or the one that holds it, got none: ` +
        `give it with --data; only synthetic and sequences need no data`,
    );
  }
  let folder: string;
  try {
    folder = findFolder(data, benchmark.folder);
  } catch (error) {
    throw new UsageError(`--data: ${(error as Error).message}`, { cause: error });
  }
  return benchmark.prepare(folder);
}

export function runOne(
  benchmark: Benchmark,
  prepared: Prepared,
  memory: MemoryName,
  seed: number,
  {
    out,
    leakTest: looksForLeaks,
    head: headName,
    detector,
  }: Omit<EvaluateOptions, 'detector'> & { detector: Detector },
  { stderr, nowMs }: Io,
): EvaluationResult {
  const head = headOf(headName, memory);
  const alarms = benchmark.kind === 'anomaly';
  const alone = detector === 'likelihood';
  const begin = seed === 0 ? undefined : seed;
  const make = alone
    ? htmDetectorOf(begin)
    : forecasterOf({ memory, seed: begin, head, alarms, by: detector, evidence: benchmark.evidence ?? false });
  const name = [memory, head, alone ? 'alone' : detector === 'all' ? undefined : detector].filter(Boolean).join('-');
  const file = seed > 1 ? `${name}-${seed}` : name;
  const recorder = out === undefined ? undefined : new RowsFile(out, benchmark, file);
  const startMs = nowMs();
  let rows = 0;
  let shownMs = startMs;
  const metrics = runBenchmark(prepared, make, {
    recorder,
    onRows(done, total) {
      rows = done;
      if (!stderr.isTTY || (done < total && nowMs() - shownMs < 200)) return;
      shownMs = nowMs();
      const share = Math.floor((100 * done) / total);
      stderr.write(`\r\u001B[2K${benchmark.name}  ${memory}  ${share} %  ${count(done)} of ${count(total)} rows`);
    },
  });
  const seconds = (nowMs() - startMs) / 1000;
  recorder?.close();
  if (stderr.isTTY) stderr.write('\r\u001B[2K');
  const leaks = looksForLeaks ? { leaks: leakTest(prepared.streams, make) } : {};
  return { memory: name, seed, metrics: finite(metrics), seconds, rows, ...leaks };
}

/** Figures that do not exist, such as a delay where nothing was found, are left out. */
function finite(metrics: Metrics): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

export function writeJson(
  path: string,
  { name }: Pick<Benchmark, 'name'>,
  results: readonly EvaluationResult[],
  references: readonly Reference[],
): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ benchmark: name, results, references }, null, 2)}\n`);
}

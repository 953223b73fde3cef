import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hint } from '../connectors/nearest.js';
import type { Benchmark, Metrics, Prepared } from '../evaluation/benchmark.js';
import { benchmarks } from '../evaluation/catalog.js';
import { coverageLevels } from '../evaluation/distribution.js';
import { type Footprint, footprint } from '../evaluation/footprint.js';
import { type MemoryName, memories } from '../models/catalog.js';
import { type EvaluateOptions, type EvaluationResult, memoriesOf, prepare, runOne, seedsOf } from './evaluate.js';
import { exitCodes, UsageError } from './failure.js';
import type { Io } from './io.js';
import { table } from './view/table.js';

/** What the great table shows of each benchmark, in its order. */
const headlines: Readonly<Record<string, readonly string[]>> = {
  'nyc-taxi': ['mape', 'nll'],
  hotgym: ['mape_1', 'mape_24'],
  pems: ['mae'],
  etth1: ['mse_1', 'mse_24', 'mse_48'],
  ettm1: ['mse_1', 'mse_24', 'mse_48'],
  'traffic-eighth': ['rmse_3', 'rmse_12'],
};

/** A result with the benchmark it is of, and what a key of the memory takes there. */
export type TableResult = EvaluationResult & Footprint & { readonly benchmark: string };

/** How many random starts where chance matters, unless said. */
const seedsDefault = '5';

/**
 * Every memory on every forecasting benchmark, beside what its keys take. With `json` the results join those that the file has
 * from before, each in the place of its benchmark, memory and seed: so the table can be made piece by piece.
 */
export async function evaluateAll(options: EvaluateOptions, io: Io): Promise<number> {
  if (options.out !== undefined || options.head !== undefined || options.detector !== undefined || options.leakTest) {
    throw new UsageError(
      'evaluate all: expected none of --out, --head, --detector and --leak-test: give them with one benchmark',
    );
  }
  const asked = options.memory === undefined ? (Object.keys(memories) as MemoryName[]) : memoriesOf(options.memory);
  const names = benchmarkNames(options.only);
  const seeds = options.seeds ?? seedsDefault;
  for (const memory of asked) seedsOf(memory, seeds);
  const results = new Map(options.json ? resultsIn(options.json).map((result) => [placeOf(result), result]) : []);
  for (const name of names) {
    const benchmark = benchmarks.find((known) => known.name === name) as Benchmark;
    const prepared = prepare(benchmark, options.data);
    for (const memory of asked) {
      for (const result of runMemory(benchmark, prepared, memory, seeds, io)) results.set(placeOf(result), result);
      if (options.json) write(options.json, [...results.values()]);
    }
  }
  const shown = [...results.values()];
  io.stdout.write(`${[...greatTable(shown), '', ...promises(shown)].join('\n')}\n`);
  return exitCodes.done;
}

function* runMemory(
  benchmark: Benchmark,
  prepared: Prepared,
  memory: MemoryName,
  seeds: string,
  io: Io,
): Generator<TableResult> {
  const bytes = footprint(memory, prepared.streams[0]);
  for (const seed of seedsOf(memory, seeds)) {
    yield {
      benchmark: benchmark.name,
      ...runOne(benchmark, prepared, memory, seed, { detector: 'all' }, io),
      ...bytes,
    };
  }
}

const placeOf = ({ benchmark, memory, seed }: TableResult): string => `${benchmark} ${memory} ${seed}`;

function benchmarkNames(text: string | undefined): readonly string[] {
  const names = Object.keys(headlines);
  const wanted = text?.split(',') ?? names;
  for (const name of wanted) {
    if (!names.includes(name)) {
      throw new UsageError(
        `--only: expected some of ${names.join(', ')}, got ${JSON.stringify(name)}${hint(name, names)}`,
      );
    }
  }
  return wanted;
}

/** What an earlier run wrote; none where there is no file. */
function resultsIn(path: string): readonly TableResult[] {
  if (!existsSync(path)) return [];
  try {
    const { results } = JSON.parse(readFileSync(path, 'utf8')) as { results: unknown };
    if (Array.isArray(results)) return results as TableResult[];
  } catch {
    // Said below: the file is not ours.
  }
  throw new UsageError(
    `--json: expected a file that evaluate all wrote, or none; ${path} is something else: name another file`,
  );
}

/** Ordered by benchmark and memory, so that a table made in pieces is the same file. */
function write(path: string, results: readonly TableResult[]): void {
  const order = (list: readonly string[], name: string): number => list.indexOf(name);
  const names = Object.keys(headlines);
  const all = Object.keys(memories);
  const sorted = [...results].sort(
    (a, b) =>
      order(names, a.benchmark) - order(names, b.benchmark) ||
      order(all, a.memory) - order(all, b.memory) ||
      a.seed - b.seed,
  );
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ benchmark: 'all', results: sorted }, null, 1)}\n`);
}

/** The mean of a metric over the seeds of a memory; undefined where it was not run. */
export function meanMetric(
  results: readonly { readonly benchmark: string; readonly memory: string; readonly metrics: Metrics }[],
  benchmark: string,
  memory: string,
  metric: string,
): number | undefined {
  const values = results
    .filter((result) => result.benchmark === benchmark && result.memory === memory)
    .map(({ metrics }) => metrics[metric])
    .filter((value) => value !== undefined);
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
}

function greatTable(results: readonly TableResult[]): string[] {
  const columns = Object.entries(headlines).flatMap(([benchmark, metrics]) =>
    metrics.map((metric) => ({ benchmark, metric })),
  );
  const used = columns.filter(({ benchmark }) => results.some((result) => result.benchmark === benchmark));
  const names = Object.keys(memories).filter((memory) => results.some((result) => result.memory === memory));
  return table(
    [
      { title: 'memory' },
      ...used.map(({ benchmark, metric }) => ({ title: `${benchmark} ${metric}`, align: 'right' as const })),
      { title: 'bytes/key', align: 'right' as const },
    ],
    names.map((memory) => [
      memory,
      ...used.map(({ benchmark, metric }) => meanMetric(results, benchmark, memory, metric)?.toFixed(4) ?? '–'),
      results.find((result) => result.memory === memory)?.stateBytes.toLocaleString('en') ?? '–',
    ]),
    Number.POSITIVE_INFINITY,
  );
}

/** What the bands of the default are held to: at most 0.8 of the CRPS of seasonal naive, coverage within two points. */
function promises(results: readonly TableResult[]): string[] {
  return Object.keys(headlines).flatMap((benchmark) => {
    const of = (memory: string, metric: string) => meanMetric(results, benchmark, memory, metric);
    const [mine, naive] = [of('default', 'crps'), of('seasonal-naive', 'crps')];
    if (mine === undefined || naive === undefined) return [];
    const misses = coverageLevels.map((level) => {
      const share = of('default', `coverage_${level}`) as number;
      return `${level} %: ${(100 * share).toFixed(1)} %`;
    });
    return [`${benchmark}: crps of default ${(mine / naive).toFixed(3)} of seasonal-naive; in ${misses.join(', in ')}`];
  });
}

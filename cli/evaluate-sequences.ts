import { hint } from '../connectors/nearest.js';
import type { Metrics } from '../evaluation/benchmark.js';
import { runSequences, sequences } from '../evaluation/protocols/sequences.js';
import { sequenceSubjects } from '../evaluation/sequence-predictors.js';
import { type EvaluateOptions, type EvaluationResult, writeJson } from './evaluate.js';
import { evaluationTable } from './evaluation-table.js';
import { exitCodes, UsageError } from './failure.js';
import type { Io } from './io.js';

/** The floor that every figure is printed beside. */
const floor = 'suffix-match';
const seedsMax = 1000;

/** Puts sequence memories to the test of the discrete protocol, seed by seed; the exit code. */
export async function evaluateSequences(options: EvaluateOptions, io: Io): Promise<number> {
  const { stdout, stderr, nowMs } = io;
  const seeds = Number(options.seeds ?? 10);
  if (!Number.isInteger(seeds) || seeds < 1 || seeds > seedsMax) {
    throw new UsageError(
      `--seeds: expected a whole number from 1 to ${seedsMax}, got ${JSON.stringify(options.seeds)}`,
    );
  }
  const results: EvaluationResult[] = [];
  for (const memory of new Set([...subjectsOf(options.memory ?? 'htm'), floor])) {
    for (let seed = 0; seed < seeds; seed++) {
      const startMs = nowMs();
      const { metrics, elements } = runSequences({
        make: sequenceSubjects[memory],
        seed,
        onPart(part) {
          if (stderr.isTTY) stderr.write(`\r\u001B[2K${sequences.name}  ${memory}  seed ${seed}  ${part}`);
        },
      });
      if (stderr.isTTY) stderr.write('\r\u001B[2K');
      results.push({ memory, seed, metrics: finite(metrics), seconds: (nowMs() - startMs) / 1000, rows: elements });
    }
  }
  if (options.json) writeJson(options.json, sequences, results, []);
  stdout.write(`${evaluationTable(sequences, means(results), [], stdout.columns ?? 160).join('\n')}\n`);
  stdout.write(`\nMeans of ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}; --json FILE has each seed.\n`);
  return exitCodes.done;
}

function subjectsOf(text: string): string[] {
  const names = Object.keys(sequenceSubjects);
  for (const name of text.split(',')) {
    if (!names.includes(name)) {
      throw new UsageError(
        `--memory: expected one of ${names.join(', ')} for sequences, got ${JSON.stringify(name)}${hint(name, names)}`,
      );
    }
  }
  return text.split(',');
}

/** A level that was never reached is left out. */
const finite = (metrics: Metrics): Metrics =>
  Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));

/** One line a memory: means over the seeds; a level that a seed never reached has none. */
function means(results: readonly EvaluationResult[]): EvaluationResult[] {
  return [...new Set(results.map(({ memory }) => memory))].map((memory) => {
    const own = results.filter((result) => result.memory === memory);
    const sum = (of: (result: EvaluationResult) => number) => own.reduce((total, result) => total + of(result), 0);
    const shared = Object.keys(own[0].metrics).filter((metric) => own.every(({ metrics }) => metric in metrics));
    const metrics = Object.fromEntries(
      shared.map((metric) => [metric, sum((result) => result.metrics[metric]) / own.length]),
    );
    return { memory, seed: 0, metrics, seconds: sum(({ seconds }) => seconds), rows: sum(({ rows }) => rows) };
  });
}

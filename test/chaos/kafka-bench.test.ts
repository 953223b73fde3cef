import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { expect, test } from 'vitest';
import { withBroker } from '../kafka/with-broker.js';
import { kafkaBench } from './kafka-bench.js';

/** `npm run bench:kafka` measures and keeps its report; the loop of the tests only loads it. */
const long = process.env.ENGRAM_BENCH === 'kafka';

withBroker(
  'the benchmark on a real broker',
  () => {
    test.runIf(long)(
      'reading, the loop without a model, the engine, and the time from event to result',
      async () => {
        // The measured processes are compiled code.
        if (!process.env.ENGRAM_DIST) execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
        const number = (name: string, otherwise: number): number =>
          Number(process.env[`ENGRAM_BENCH_${name}`] ?? otherwise);
        const report = await kafkaBench({
          events: number('EVENTS', 150_000),
          rounds: number('ROUNDS', 3),
          latencySeconds: number('SECONDS', 12),
          rates: (process.env.ENGRAM_BENCH_RATES ?? '5000,10000,0').split(',').map(Number),
          log: (line) => void process.stderr.write(`${line}\n`),
        });
        mkdirSync('bench/results', { recursive: true });
        const machine = { node: process.version, cpu: cpus()[0].model, cores: cpus().length };
        const file = process.env.ENGRAM_BENCH_FILE ?? 'bench/results/kafka.json';
        writeFileSync(file, `${JSON.stringify({ machine, ...report }, null, 2)}\n`);
        expect(report.speeds).not.toEqual({});
      },
      1_800_000,
    );
    test.skipIf(long)('runs as npm run bench:kafka', () => expect(kafkaBench).toBeTypeOf('function'));
  },
  { ownBroker: true },
);

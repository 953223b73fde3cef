import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { expect, test } from 'vitest';
import { withBroker } from '../kafka/with-broker.js';
import { kafkaBench } from './kafka-bench.js';

/** `npm run bench:kafka` measures and keeps its report; among the tests a short form shows that it works. */
const long = process.env.ENGRAM_BENCH === 'kafka';

withBroker(
  'the benchmark on a real broker',
  () => {
    test.runIf(long)(
      'reading, the loop without a model, the engine, and the time from event to result',
      async () => {
        const report = await kafkaBench(Number(process.env.ENGRAM_BENCH_EVENTS ?? 400_000), (line) =>
          process.stderr.write(`${line}\n`),
        );
        mkdirSync('bench/results', { recursive: true });
        const machine = { node: process.version, cpu: cpus()[0].model, cores: cpus().length };
        writeFileSync('bench/results/kafka.json', `${JSON.stringify({ machine, ...report }, null, 2)}\n`);
        expect(report.latency.events).toBeGreaterThan(0);
      },
      1_800_000,
    );
    test.skipIf(long)('runs as npm run bench:kafka', () => expect(kafkaBench).toBeTypeOf('function'));
  },
  { ownBroker: true },
);

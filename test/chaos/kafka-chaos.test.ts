import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { withBroker } from '../kafka/with-broker.js';
import { type ChaosPlan, chaos } from './kafka-chaos.js';

/** `npm run chaos:kafka` runs the long form and keeps its report. */
const long = process.env.ENGRAM_CHAOS === 'long';
const seed = Number(process.env.ENGRAM_CHAOS_SEED ?? (long ? 1 : 20261120));

const plan: ChaosPlan = long
  ? {
      events: 1e6,
      keys: 1000,
      partitions: 8,
      workers: 3,
      kills: 100,
      zombies: 20,
      rebalances: 50,
      brokerRestarts: 10,
      seed,
    }
  : {
      events: 30_000,
      keys: 200,
      partitions: 8,
      workers: 2,
      kills: 6,
      zombies: 1,
      rebalances: 2,
      brokerRestarts: 1,
      seed,
    };

withBroker(
  'exactly once',
  () => {
    beforeAll(() => {
      // The workers are compiled code.
      if (!process.env.ENGRAM_DIST) execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
    }, 300_000);

    test(
      `${plan.events} events through ${plan.kills} kills, ${plan.zombies} zombies, ${plan.rebalances} rebalances, ${plan.brokerRestarts} broker restarts`,
      async () => {
        const version = process.env.KAFKA_VERSION ?? '4.1.1';
        const loud = long || process.env.ENGRAM_CHAOS_LOG !== undefined;
        const report = await chaos({
          ...plan,
          cluster: { version, heapMb: long ? 512 : 256 },
          ...(loud ? { log: (line: string) => process.stderr.write(`${line}\n`) } : {}),
        });
        if (loud) process.stderr.write(`${JSON.stringify(report, null, 1)}\n`);
        if (long) {
          mkdirSync('bench/results', { recursive: true });
          const machine = { node: process.version, cpu: cpus()[0].model, cores: cpus().length };
          writeFileSync(
            'bench/results/chaos-kafka.json',
            `${JSON.stringify({ kafka: version, machine, plan, ...report }, null, 2)}\n`,
          );
        }
        expect(report.problems).toEqual([]);
        expect(report.digests.chaos).toBe(report.digests.calm);
      },
      long ? 7_200_000 : 240_000,
    );
  },
  { ownBroker: true },
);

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { withBroker } from '../kafka/with-broker.js';
import { type ChaosPlan, chaos } from './kafka-chaos.js';

/**
 * `npm run chaos:kafka` runs the long form and `npm run chaos:cluster` one on three brokers, where two must have a record;
 * both keep their reports.
 */
const form = ['long', 'cluster'].find((name) => name === process.env.ENGRAM_CHAOS) ?? 'short';
const file = { long: 'chaos-kafka', cluster: 'chaos-kafka-cluster', short: undefined }[form];
const seed = Number(process.env.ENGRAM_CHAOS_SEED ?? (file ? 1 : 20261120));

const plans: Record<string, Omit<ChaosPlan, 'seed'>> = {
  long: {
    events: 1e6,
    keys: 1000,
    partitions: 8,
    workers: 3,
    kills: 100,
    zombies: 20,
    rebalances: 50,
    brokerRestarts: 10,
  },
  cluster: {
    events: 60_000,
    keys: 200,
    partitions: 6,
    workers: 2,
    kills: 6,
    zombies: 0,
    rebalances: 2,
    brokerRestarts: 8,
  },
  short: {
    events: 30_000,
    keys: 200,
    partitions: 8,
    workers: 2,
    kills: 6,
    zombies: 1,
    rebalances: 2,
    brokerRestarts: 1,
  },
};
const plan: ChaosPlan = { ...plans[form], seed };

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
        const loud = file !== undefined || process.env.ENGRAM_CHAOS_LOG !== undefined;
        const report = await chaos({
          ...plan,
          cluster: { version, heapMb: form === 'long' ? 512 : 256, brokers: form === 'cluster' ? 3 : 1 },
          ...(loud ? { log: (line: string) => process.stderr.write(`${line}\n`) } : {}),
        });
        if (loud) process.stderr.write(`${JSON.stringify(report, null, 1)}\n`);
        if (file) {
          mkdirSync('bench/results', { recursive: true });
          const machine = { node: process.version, cpu: cpus()[0].model, cores: cpus().length };
          writeFileSync(
            `bench/results/${file}.json`,
            `${JSON.stringify({ kafka: version, machine, plan, ...report }, null, 2)}\n`,
          );
        }
        expect(report.problems).toEqual([]);
        expect(report.digests.chaos).toBe(report.digests.calm);
      },
      file ? 7_200_000 : 240_000,
    );
  },
  { ownBroker: true },
);

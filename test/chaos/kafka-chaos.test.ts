import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { versionOf } from '../kafka/choice.js';
import { withBroker } from '../kafka/with-broker.js';
import { type ChaosPlan, chaos } from './kafka-chaos.js';

type Form = Omit<ChaosPlan, 'seed' | 'least'> & { readonly brokers?: 1 | 3 };

const part = { keys: 200, partitions: 8, workers: 3, kills: 12, zombies: 3, rebalances: 5, brokerRestarts: 2 };
const brief = { keys: 200, partitions: 8, workers: 2, kills: 4, zombies: 1, rebalances: 1, brokerRestarts: 1 };

/**
 * `npm run chaos:kafka` runs the long forms, `npm run chaos:cluster` one on three brokers, where two must have a record;
 * both keep their reports. `.ci/run` runs the short ones after `npm test`, by `npm run chaos:kafka-short`. `ENGRAM_CHAOS_ONLY` names one form.
 */
const forms: Record<string, Record<string, Form>> = {
  long: {
    'chaos-kafka': {
      ...{ events: 1e6, keys: 1000, partitions: 8, workers: 3, kills: 100, zombies: 20, rebalances: 50 },
      brokerRestarts: 10,
    },
    'chaos-kafka-held': { ...part, events: 60_000, held: true },
    'chaos-kafka-topic': { ...part, events: 60_000, stateTopic: true },
  },
  cluster: {
    'chaos-kafka-cluster': {
      ...{ events: 40_000, keys: 200, partitions: 6, workers: 2, kills: 4, zombies: 2, rebalances: 2 },
      ...{ brokerRestarts: 6, brokers: 3 },
    },
  },
  short: {
    plain: { ...brief, events: 20_000 },
    'held rows, checkpoints in a topic': { ...brief, events: 12_000, held: true, stateTopic: true },
  },
};
const kind = process.env.ENGRAM_CHAOS;
const form = kind === 'long' || kind === 'cluster' ? kind : 'short';
const kept = form !== 'short';
const seed = Number(process.env.ENGRAM_CHAOS_SEED ?? (kept ? 1 : 20261120));
const chosen = Object.entries(forms[form]).filter(([name]) =>
  [undefined, name].includes(process.env.ENGRAM_CHAOS_ONLY),
);

// Minutes of a machine of its own: not among the tests, but after them.
const withCluster: typeof withBroker =
  kind === undefined ? (title) => test.skip(`${title}: npm run chaos:kafka-short`) : withBroker;

withCluster(
  'exactly once',
  () => {
    beforeAll(() => {
      // The workers are compiled code.
      if (!process.env.ENGRAM_DIST) execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
    }, 300_000);

    test.each(chosen)(
      '%s: killed, stopped, rebalanced and restarted workers and brokers change nothing',
      async (name, { brokers = 1, ...asked }) => {
        const version = versionOf();
        const { kills, zombies, rebalances, brokerRestarts } = asked;
        // A zombie that was asked for a commit when it was stopped meets the fence; one that was idle only finds itself ousted.
        // A handful of faults on a busy machine may all meet a process that is still starting: the short forms ask for one kill.
        const all = { killsOfLive: kills, zombiesOusted: zombies, rebalancesSeen: rebalances, brokerRestarts };
        const least = kept ? { ...all, zombiesFenced: Math.floor(zombies / 2) } : { killsOfLive: 1, brokerRestarts };
        const plan: ChaosPlan = { ...asked, least, seed };
        const loud = kept || process.env.ENGRAM_CHAOS_LOG !== undefined;
        const report = await chaos({
          ...plan,
          cluster: { version, heapMb: plan.events > 500_000 ? 512 : 256, brokers },
          ...(loud ? { log: (line: string) => process.stderr.write(`${line}\n`) } : {}),
        });
        if (loud) process.stderr.write(`${JSON.stringify(report, null, 1)}\n`);
        if (kept) {
          mkdirSync('bench/results', { recursive: true });
          const machine = { node: process.version, cpu: cpus()[0].model, cores: cpus().length };
          const whole = { kafka: version, machine, brokers, plan, ...report };
          writeFileSync(`bench/results/${name}.json`, `${JSON.stringify(whole, null, 2)}\n`);
        }
        expect(report.problems).toEqual([]);
        expect(report.digests.chaos).toBe(report.digests.calm);
      },
      kept ? 7_200_000 : 400_000,
    );
  },
  { ownBroker: true },
);

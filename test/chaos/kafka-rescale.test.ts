import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Kafka } from 'kafkajs';
import { beforeAll, expect, test } from 'vitest';
import { Cluster } from '../kafka/broker.js';
import { clientOf, withBroker } from '../kafka/with-broker.js';
import { handover, type RescalePlan, rescale } from './kafka-rescale.js';

/** `npm run rescale:kafka` runs the long form and keeps its report. */
const long = process.env.ENGRAM_CHAOS === 'rescale';
const plan = long
  ? { events: 200_000, keys: 10_000, partitions: 8, rate: 5000 }
  : { events: 8000, keys: 300, partitions: 6, rate: 400 };
const loud = long || process.env.ENGRAM_CHAOS_LOG !== undefined;
const log = (line: string): void => void (loud && process.stderr.write(`${line}\n`));

async function rescaled(kafka: Kafka, more: Pick<RescalePlan, 'addresses' | 'prefix' | 'stateTopic'>) {
  const { problems, ...report } = await rescale(kafka, { ...plan, ...more, log });
  expect(problems).toEqual([]);
  expect(report.digests.many).toBe(report.digests.one);
  expect([report.rows, report.twice]).toEqual([report.events, 0]);
  expect(report.rescales.map(({ from, to }) => [from, to])).toEqual([
    [1, 3],
    [3, 2],
  ]);
  // All at first, then what it got from the one that left.
  expect(report.restored).toBeLessThanOrEqual(plan.partitions + Math.ceil(plan.partitions / 2));
  return report;
}

withBroker('one process, three, two', ({ addresses, kafka, unique }) => {
  beforeAll(() => {
    // The workers are compiled code.
    if (!process.env.ENGRAM_DIST) execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  }, 300_000);

  test.skipIf(long)(
    'give byte for byte what one gives, from one folder of checkpoints',
    () => rescaled(kafka(), { addresses: addresses(), prefix: unique('rescale') }),
    300_000,
  );

  test.runIf(long)(
    'how long it is felt, from a folder and from a topic, where the broker lets new groups wait as it does by default',
    async () => {
      const properties = { 'group.initial.rebalance.delay.ms': '3000' };
      const cluster = await Cluster.start({ properties, heapMb: 512 });
      const own = clientOf(cluster.addresses);
      const found: Record<string, object> = {};
      try {
        for (const [place, stateTopic] of [
          ['folder', false],
          ['topic', true],
        ] as const) {
          const at = { addresses: cluster.addresses, stateTopic };
          const report = await rescaled(own, { ...at, prefix: `rescale-${place}` });
          found[place] = { ...report, handover: await handover(own, { ...at, prefix: `move-${place}`, keys: 10_000 }) };
          log(`${place}: ${JSON.stringify(found[place], null, 1)}`);
        }
      } finally {
        await cluster.stop();
      }
      mkdirSync('bench/results', { recursive: true });
      const machine = { node: process.version, cpu: cpus()[0].model, cores: cpus().length };
      const all = { machine, broker: properties, ...found };
      writeFileSync('bench/results/kafka-rescale.json', `${JSON.stringify(all, null, 2)}\n`);
    },
    900_000,
  );
});

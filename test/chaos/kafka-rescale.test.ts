import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { withBroker } from '../kafka/with-broker.js';
import { handover, rescale } from './kafka-rescale.js';

/** `npm run rescale:kafka` runs the long form and keeps its report. */
const long = process.env.ENGRAM_CHAOS === 'rescale';
const plan = long
  ? { events: 200_000, keys: 10_000, partitions: 8, rate: 5000 }
  : { events: 12_000, keys: 300, partitions: 6, rate: 500 };

withBroker('one process, three, two', ({ addresses, kafka, unique }) => {
  beforeAll(() => {
    // The workers are compiled code.
    if (!process.env.ENGRAM_DIST) execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  }, 300_000);

  test('give byte for byte what one gives, from one folder of checkpoints', async () => {
    const loud = long || process.env.ENGRAM_CHAOS_LOG !== undefined;
    const log = (line: string): void => void (loud && process.stderr.write(`${line}\n`));
    const report = await rescale(kafka(), { ...plan, addresses: addresses(), prefix: unique('rescale'), log });
    expect(report.problems).toEqual([]);
    expect(report.digests.many).toBe(report.digests.one);
    expect([report.rows, report.twice]).toEqual([plan.events, 0]);
    expect(report.rescales.map(({ from, to }) => [from, to])).toEqual([
      [1, 3],
      [3, 2],
    ]);
    if (!long) return;
    const moved = await handover(kafka(), { addresses: addresses(), prefix: unique('handover'), keys: 10_000 });
    const machine = { node: process.version, cpu: cpus()[0].model, cores: cpus().length };
    mkdirSync('bench/results', { recursive: true });
    const { problems: _, ...figures } = report;
    const all = { machine, ...figures, handover: moved };
    process.stderr.write(`${JSON.stringify(all, null, 1)}\n`);
    writeFileSync('bench/results/kafka-rescale.json', `${JSON.stringify(all, null, 2)}\n`);
  }, 300_000);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TooManyRejects } from '../../pipelines/kafka-restore.js';
import { runKafka } from '../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { drained, produce, readAll } from '../kafka/harness.js';
import { registryServer } from '../kafka/registry-server.js';
import { withBroker } from '../kafka/with-broker.js';
import { poison } from './kafka-poison.js';
import { schemas, suites } from './kafka-poison-kinds.js';

/** `npm run poison:kafka` runs the long form and keeps its report: 10,000 poison records among 1,000,000. */
const long = process.env.ENGRAM_POISON === 'long';
const each = Number(process.env.ENGRAM_POISON_EACH ?? 250);
const plan = long ? { each, goodPerPoison: 99, together: 1 } : { each: 2, goodPerPoison: 24, together: 6 };

withBroker('poison', ({ addresses, kafka, topic, unique }) => {
  let registry: Awaited<ReturnType<typeof registryServer>>;
  beforeAll(async () => {
    registry = await registryServer(schemas);
  });
  afterAll(() => void registry.server.close());

  test(`40 kinds, ${plan.each} records of each: as many dead letters, and all else as without them`, async () => {
    expect(suites.flatMap(({ kinds }) => kinds)).toHaveLength(40);
    const began = performance.now();
    const log = long ? (line: string) => void process.stderr.write(`${line}\n`) : undefined;
    const report = await poison({
      ...{ ...plan, addresses: addresses(), kafka: kafka(), registry: registry.url, unique },
      ...(log ? { log } : {}),
    });
    if (long) {
      const machine = { node: process.version, cpu: cpus()[0].model, cores: cpus().length };
      const seconds = Math.round((performance.now() - began) / 1000);
      mkdirSync('bench/results', { recursive: true });
      writeFileSync(
        'bench/results/poison-kafka.json',
        `${JSON.stringify({ machine, seconds, ...report, faults: report.faults.slice(0, 100) }, null, 2)}\n`,
      );
    }
    expect(report.faults.slice(0, 10)).toEqual([]);
    const wanted = 40 * plan.each;
    expect([report.poison, report.deadLetters]).toEqual([wanted, wanted]);
    expect(report.results).toBeGreaterThanOrEqual(report.records - report.poison);
    expect(Object.values(report.kinds).map(({ letters }) => letters)).toEqual(Array(40).fill(plan.each));
  }, 1_800_000);

  test('where most records are poison the circuit breaks; with a higher limit each is a dead letter, once', async () => {
    const input = await topic('broken', 1);
    await produce(
      kafka(),
      input,
      Array.from({ length: 2500 }, (_, i) => ({ key: 'k', value: i % 5 < 3 ? `{"v":"${i}x"}` : `{"v":${i}}` })),
    );
    const run = async (more: object) =>
      parseKafkaRun({
        ...{
          kafka: { brokers: addresses() },
          input,
          group: `${input}-g`,
          decode: { values: ['v'] },
          pipeline: 'light',
        },
        state: { folder: await mkdtemp(join(tmpdir(), 'engram-broken-')) },
        ...{ commitMs: 20, commitRows: 100, sessionTimeoutMs: 6000, oldBrokers: 'allow', ...more },
      });
    await expect(runKafka(await run({}), new AbortController().signal)).rejects.toThrow(TooManyRejects);
    const stop = new AbortController();
    const again = runKafka(await run({ rejectShareMax: 0.9 }), stop.signal);
    await drained(kafka(), `${input}-g`, input);
    stop.abort();
    await again;
    const letters = await readAll(kafka(), `${input}.dlq`, 1500);
    expect(letters.map(({ headers }) => Number(headers['x-error-offset']))).toEqual(
      Array.from({ length: 2500 }, (_, i) => i).filter((i) => i % 5 < 3),
    );
    expect(await readAll(kafka(), `${input}.forecasts`, 1000)).toHaveLength(1000);
  }, 60_000);
});

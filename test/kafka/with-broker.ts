import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { Kafka, logLevel } from 'kafkajs';
import { beforeAll, describe, test } from 'vitest';
import { Cluster, dockerBroker, sleep } from './broker.js';
import { advice, chooseBroker } from './choice.js';

/** What a test with a broker is given. */
export interface Bench {
  /** `host:port` of each broker. */
  addresses(): string[];
  /** A client of the test's own. */
  kafka(): Kafka;
  /** A name no other test uses, made a topic of so many partitions. */
  topic(name: string, partitions?: number, config?: Record<string, string>): Promise<string>;
  /** A name no other test uses. */
  unique(name: string): string;
}

/** The process that runs the whole test run: files of one run share one broker. */
const owner = isMainThread ? process.ppid : process.pid;
const place = join(tmpdir(), `engram-broker-${owner}`);

/** Addresses of the broker of this test run: `KAFKA_BROKERS`, or one started by the first file that asks. */
async function shared(): Promise<string[]> {
  if (choice.kind === 'named') return [...choice.addresses];
  const note = `${place}.json`;
  for (;;) {
    const known = await readFile(note, 'utf8').catch(() => undefined);
    if (known) return JSON.parse(known) as string[];
    const first = await mkdir(place).then(
      () => true,
      () => false,
    );
    if (!first) {
      await sleep(200);
      continue;
    }
    try {
      const begun = choice.kind === 'docker' ? dockerBroker(owner) : Cluster.start({ guardedBy: owner });
      const addresses = await begun.then((one) => ('addresses' in one ? [...one.addresses] : one));
      await writeFile(note, JSON.stringify(addresses));
      return addresses;
    } catch (error) {
      await rmdir(place);
      throw error;
    }
  }
}

const choice = chooseBroker();

/** Why tests with a broker cannot run here; undefined when they can. */
function lacking(ownBroker: boolean): string | undefined {
  if (choice.kind === 'none') return choice.why;
  if (!ownBroker || choice.kind === 'java') return undefined;
  return choice.kind === 'named'
    ? 'KAFKA_BROKERS names a cluster, which is not ours to kill'
    : 'it kills its broker, which takes Java and Maven: one in Docker is not ours to kill';
}

/** Tests against a real broker: left out loudly where there is none, an error where CI is set. */
export function withBroker(name: string, tests: (bench: Bench) => void, needs: { ownBroker?: boolean } = {}): void {
  const why = lacking(needs.ownBroker ?? false);
  if (why) {
    const text = `${name}: LEFT OUT, ${why}. ${advice}`;
    if (process.env.CI === 'true' && choice.kind === 'none') {
      test(text, () => {
        throw new Error(text);
      });
    } else {
      process.stderr.write(`\n*** ${text}\n`);
      test.skip(text, () => {});
    }
    return;
  }
  describe(name, () => {
    let addresses: string[] = [];
    let count = 0;
    // Brokers named by KAFKA_BROKERS outlive the run, so names must differ between runs too.
    const run = `${process.pid}-${process.hrtime.bigint().toString(36)}`;
    const unique = (noun: string): string => `${noun}-${run}-${count++}`;
    const kafka = (): Kafka => clientOf(addresses);
    if (!needs.ownBroker) {
      beforeAll(async () => {
        addresses = await shared();
      }, 360_000);
    }
    tests({
      addresses: () => addresses,
      kafka,
      unique,
      async topic(noun, partitions = 1, config = {}) {
        const topic = unique(noun);
        await createTopic(kafka(), topic, partitions, config);
        return topic;
      },
    });
  });
}

/** A quiet client for a test's own reading and writing. */
export const clientOf = (addresses: readonly string[]): Kafka =>
  new Kafka({
    brokers: [...addresses],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5000,
    retry: { initialRetryTime: 50, retries: 12, maxRetryTime: 1000 },
  });

export async function createTopic(
  kafka: Kafka,
  topic: string,
  numPartitions = 1,
  config: Record<string, string> = {},
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [
        { topic, numPartitions, configEntries: Object.entries(config).map(([name, value]) => ({ name, value })) },
      ],
    });
    // kafkajs' own waiting gives up where a busy broker does not know the new topic yet.
    for (let tries = 0; ; tries++) {
      const known = await admin.fetchTopicMetadata({ topics: [topic] }).catch((error: Error) => {
        if (tries > 200) throw error;
      });
      if (known?.topics[0]?.partitions.every(({ leader }) => leader >= 0)) break;
      await sleep(50);
    }
  } finally {
    await admin.disconnect();
  }
}

import { expect, test } from 'vitest';
import { KafkaWorker } from '../../pipelines/kafka-worker.js';
import { Cluster, freePorts, sleep } from '../kafka/broker.js';
import { begin, drained, endsOf, produce, type Running, readAll, settings } from '../kafka/harness.js';
import { FaultProxy, type Moment, requests } from '../kafka/proxy.js';
import { clientOf, createTopic, withBroker } from '../kafka/with-broker.js';

/** A broker with a proxy before it, for workers; the test itself talks to the broker directly. */
async function stand() {
  const [listen] = await freePorts(1);
  const proxy = await FaultProxy.start(listen);
  const cluster = await Cluster.start({ proxied: { listen, tell: proxy.port } });
  const kafka = clientOf(cluster.addresses);
  await createTopic(kafka, 'in', 2);
  const start = (addresses: readonly string[], group: string): Running => {
    const options = settings(addresses, 'in', group);
    const outputs = { results: { ...options.outputs.results, topic: `${group}.out` } };
    return begin(
      (onEvent) =>
        new KafkaWorker({
          ...{ ...options, outputs: outputs as typeof options.outputs, onEvent },
          kafka: { brokers: addresses, requestTimeoutMs: 1000, connectTimeoutMs: 500 },
        }),
    );
  };
  return { proxy, cluster, kafka, start };
}

withBroker(
  'a network that fails',
  () => {
    test('cut at every request of a transaction, before and after; half open, slow, garbled: exactly once', async () => {
      const { proxy, cluster, kafka, start } = await stand();
      try {
        const faulty = start([`127.0.0.1:${proxy.port}`], 'faulty');
        let made = 0;
        const feed = async (count: number): Promise<void> => {
          const rows = Array.from({ length: count }, (_, i) => ({
            ...{ partition: (made + i) % 2, key: `k${(made + i) % 7}`, value: JSON.stringify({ value: made + i }) },
          }));
          made += count;
          await produce(kafka, 'in', rows);
        };
        await feed(100);
        await drained(kafka, 'faulty', 'in');
        const { addPartitions, addOffsets, produce: write, commitOffsets, endTransaction, heartbeat } = requests;
        for (const key of [addPartitions, write, addOffsets, commitOffsets, endTransaction]) {
          for (const moment of ['before', 'after'] satisfies Moment[]) {
            const cut = proxy.cutAt(key, moment);
            await feed(50);
            await cut;
          }
        }
        await proxy.cutAt(heartbeat, 'after');
        for (const disturb of [
          () => proxy.cut(),
          () => proxy.delay(100, 800),
          () => proxy.halfOpen(1500),
          // A length of 2 GiB, then noise.
          () => proxy.garbage(Buffer.concat([Buffer.from([0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(64, 0xa5)])),
          // A length that fits, an answer nobody asked for.
          () => proxy.garbage(Buffer.from([0, 0, 0, 8, 0x7f, 0, 0, 1, 1, 2, 3, 4])),
        ]) {
          const disturbed = disturb();
          await feed(100);
          await disturbed;
          await sleep(200);
        }
        await drained(kafka, 'faulty', 'in');
        await faulty.stop();
        expect(proxy.cuts).toBeGreaterThan(10);
        expect(faulty.events.some(({ type }) => type === 'dropped')).toBe(true);
        // Connections that were left are closed, one that was joining a little later: nothing leaks.
        await expect.poll(() => proxy.connections, { timeout: 20_000 }).toBe(0);
        const calm = start(cluster.addresses, 'calm');
        await drained(kafka, 'calm', 'in');
        await calm.stop();
        // What is in the log: who writes it is no exactly-once writer, a request of theirs that is tried again may count twice.
        const events = [...(await endsOf(kafka, 'in')).values()].reduce((sum, end) => sum + end, 0);
        expect(events).toBeGreaterThanOrEqual(made);
        const [found, expected] = [
          await readAll(kafka, 'faulty.out', events),
          await readAll(kafka, 'calm.out', events),
        ];
        const plain = (rows: typeof found): string[] => rows.map(({ partition, value }) => `${partition} ${value}`);
        expect(found).toHaveLength(events);
        expect(new Set(found.map(({ headers }) => headers['engram-id'])).size).toBe(events);
        expect(plain(found)).toEqual(plain(expected));
      } finally {
        await proxy.stop();
        await cluster.stop();
      }
    }, 120_000);
  },
  { ownBroker: true },
);

import { expect, test } from 'vitest';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { Fetcher } from '../../../connectors/kafka/fetcher.js';
import { OutOfRange } from '../../../connectors/kafka/group.js';
import { produce } from '../../kafka/harness.js';
import { withBroker } from '../../kafka/with-broker.js';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function offsetsOf(fetcher: Fetcher, partition: number, from: number, to: number): Promise<number[]> {
  const offsets: number[] = [];
  for await (const { records } of fetcher.read(partition, from, to)) offsets.push(...records.map((one) => one.offset));
  return offsets;
}

withBroker('records without a group', ({ addresses, kafka, topic, unique }) => {
  const fetcherOf = (name: string, patienceMs = 5000) =>
    new Fetcher(kafkaClient({ brokers: addresses() }), name, { patienceMs });

  test('from one offset to another, of several partitions at once', async () => {
    const name = await topic('read', 3);
    await produce(
      kafka(),
      name,
      range(0, 30).map((i) => ({ partition: i % 3, value: String(i) })),
    );
    const fetcher = fetcherOf(name);
    const all = await Promise.all([0, 1, 2].map((partition) => offsetsOf(fetcher, partition, 4, 10)));
    expect(all).toEqual([range(4, 10), range(4, 10), range(4, 10)]);
    await fetcher.close();
    // Closed is not spent: the next one who reads connects again.
    expect(await offsetsOf(fetcher, 0, 0, 3)).toEqual(range(0, 10));
    await fetcher.close();
  }, 60_000);

  test('committed records only, also of a transaction that is larger than an answer', async () => {
    const name = await topic('large', 1);
    const producer = kafka().producer({ transactionalId: unique('id'), maxInFlightRequests: 1 });
    await producer.connect();
    const value = Buffer.alloc(2 ** 19, 'x');
    for (const good of [true, false, true]) {
      const transaction = await producer.transaction();
      for (let i = 0; i < 20; i++) await transaction.send({ topic: name, messages: [{ partition: 0, value }] });
      await (good ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    const fetcher = fetcherOf(name);
    // A marker after each.
    expect(await offsetsOf(fetcher, 0, 0, 63)).toEqual([...range(0, 20), ...range(42, 62)]);
    await fetcher.close();
  }, 60_000);

  test('an offset the log does not hold, a partition it has not, and records that never come, are told', async () => {
    const name = await topic('short', 1);
    await produce(kafka(), name, [{ value: '1' }]);
    const fetcher = fetcherOf(name, 600);
    await expect(offsetsOf(fetcher, 0, 7, 9)).rejects.toThrow(OutOfRange);
    await expect(offsetsOf(fetcher, 3, 0, 1)).rejects.toThrow('has no partition 3');
    await expect(offsetsOf(fetcher, 0, 0, 2)).rejects.toThrow(
      `partition 0 of ${name}: no records came between offsets 1 and 2`,
    );
    await fetcher.close();
    const waiting = fetcherOf(name, 60_000);
    const ended = expect(offsetsOf(waiting, 0, 0, 2)).rejects.toThrow(/ended at offset 1|Closed connection/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await waiting.close();
    await ended;
  }, 60_000);
});

test('a cluster that does not answer is asked again, for as long as there is patience', async () => {
  const began = performance.now();
  const fetcher = new Fetcher(kafkaClient({ brokers: ['127.0.0.1:1'], connectTimeoutMs: 100 }), 't', { patienceMs: 1 });
  await expect(offsetsOf(fetcher, 0, 0, 1)).rejects.toThrow(/ECONNREFUSED|Connection error/);
  expect(performance.now() - began).toBeGreaterThan(1);
}, 60_000);

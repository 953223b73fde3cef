import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import type { Feed } from '../../../connectors/kafka/feed.js';
import { LoneReader } from '../../../connectors/kafka/lone-reader.js';
import { produce } from '../../kafka/harness.js';
import { withBroker } from '../../kafka/with-broker.js';

async function take(feed: Feed, count: number): Promise<number[]> {
  const offsets: number[] = [];
  for (const until = performance.now() + 20_000; offsets.length < count && performance.now() < until; ) {
    const chunk = await feed.take(200);
    if (chunk === 'closed') break;
    if (chunk !== 'idle') offsets.push(...chunk.records.map(({ offset }) => offset));
  }
  return offsets;
}

async function groupsOf(kafka: Kafka, prefix: string): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  const { groups } = await admin.listGroups();
  await admin.disconnect();
  return groups.map(({ groupId }) => groupId).filter((name) => name.startsWith(prefix));
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

withBroker('a reader on its own', ({ addresses, kafka, topic, unique }) => {
  const readerOf = (name: string, prefix: string) =>
    new LoneReader(kafkaClient({ brokers: addresses() }), name, prefix);

  test('joins one group for all that is read, and leaves it', async () => {
    const name = await topic('read', 3);
    await produce(
      kafka(),
      name,
      range(30).map((i) => ({ partition: i % 3, value: String(i) })),
    );
    const prefix = unique('lone');
    const reader = readerOf(name, prefix);
    const feeds = await Promise.all([0, 1, 2].map((partition) => reader.open(partition, 4)));
    for (const feed of feeds) expect(await take(feed, 6)).toEqual([4, 5, 6, 7, 8, 9]);
    reader.drop(feeds[1]);
    expect(await take(await reader.open(1, 0), 10)).toEqual(range(10));
    expect(await groupsOf(kafka(), prefix)).toHaveLength(1);
    const ended = feeds[0].take(20_000);
    await reader.close();
    expect(await ended).toBe('closed');
    // Afterwards it is joined again by whoever opens something.
    expect(await take(await reader.open(0, 9), 1)).toEqual([9]);
    await reader.close();
  }, 60_000);

  test('a transaction larger than what may wait for the reader comes whole', async () => {
    const name = await topic('large', 1);
    const producer = kafka().producer({ transactionalId: unique('id'), maxInFlightRequests: 1 });
    await producer.connect();
    const transaction = await producer.transaction();
    const value = Buffer.alloc(2 ** 19, 'x');
    for (let i = 0; i < 24; i++) await transaction.send({ topic: name, messages: [{ partition: 0, value }] });
    await transaction.commit();
    await producer.disconnect();
    const reader = readerOf(name, unique('lone'));
    expect(await take(await reader.open(0, 0), 24)).toEqual(range(24));
    await reader.close();
  }, 60_000);

  test('who waits for a membership that is closed hears of it', async () => {
    const reader = new LoneReader(kafkaClient({ brokers: ['127.0.0.1:1'] }), 'nowhere', unique('lone'));
    const opened = expect(reader.open(0, 0)).rejects.toThrow('topic nowhere: the reader was closed');
    await reader.close();
    await opened;
  }, 30_000);
});

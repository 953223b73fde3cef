import { expect, test } from 'vitest';
import { KafkaAdmin } from '../../../connectors/kafka/admin.js';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { Fetcher } from '../../../connectors/kafka/fetcher.js';
import { heldBy } from '../../../connectors/kafka/held.js';
import { withBroker } from '../../kafka/with-broker.js';

const unreadable = {
  // biome-ignore lint/correctness/useYield: it fails before it has anything
  async *read() {
    throw new Error('gone by retention');
  },
};

test('of many partitions eight are told, of what cannot be read the offsets', async () => {
  const bounds = new Map(Array.from({ length: 20 }, (_, i) => [i, { low: 5, high: i === 3 ? 5 : 9 }]));
  const told = await heldBy('t', bounds, unreadable);
  expect(told).toMatch(/^topic t holds in partition 0 offsets 5 to 8; in partition 1 /);
  expect(told.match(/in partition/g)).toHaveLength(8);
  expect(told).not.toContain('partition 3 ');
  expect(told).toMatch(/; and 11 partitions more$/);
  expect(await heldBy('t', new Map([[0, { low: 7, high: 7 }]]), unreadable)).toBe('topic t holds no records');
});

withBroker('what a topic holds', ({ addresses, kafka, topic, unique }) => {
  test('its records by the times they were written with, the marker of a transaction at the end left out', async () => {
    const name = await topic('held', 2);
    const producer = kafka().producer({ transactionalId: unique('t'), maxInFlightRequests: 1 });
    await producer.connect();
    for (const day of ['2024-05-01', '2024-05-02', '2024-05-03']) {
      const transaction = await producer.transaction();
      const timestamp = String(Date.parse(day));
      await transaction.send({ topic: name, messages: [{ partition: 1, key: 'k', value: 'v', timestamp }] });
      await transaction.commit();
    }
    await producer.disconnect();
    const client = kafkaClient({ brokers: addresses() });
    const admin = new KafkaAdmin(client);
    const fetcher = new Fetcher(client, name, { patienceMs: 2000 });
    // A marker is written a little after the commit is answered.
    await expect.poll(async () => (await admin.bounds(name, 1)).high).toBe(6);
    expect(await heldBy(name, await admin.ends(name), fetcher)).toBe(
      `topic ${name} holds in partition 1 offsets 0 to 5, written 2024-05-01T00:00:00.000Z to 2024-05-03T00:00:00.000Z`,
    );
    await fetcher.close();
    await admin.close();
  });
});

import { expect, test } from 'vitest';
import { Cluster } from './broker.js';
import { clientOf, createTopic, withBroker } from './with-broker.js';

withBroker('the broker of the test run', ({ kafka, topic }) => {
  test('takes records and gives them back', async () => {
    const name = await topic('hello', 2);
    const producer = kafka().producer();
    await producer.connect();
    await producer.send({ topic: name, messages: [{ key: 'a', value: '1', partition: 1 }] });
    await producer.disconnect();
    const admin = kafka().admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(name);
    await admin.disconnect();
    expect(ends.map(({ partition, high }) => [partition, high]).sort()).toEqual([
      [0, '0'],
      [1, '1'],
    ]);
  });
});

withBroker(
  'a broker of one’s own',
  () => {
    test('keeps what was written through a power cut', async () => {
      const cluster = await Cluster.start();
      try {
        const kafka = clientOf(cluster.addresses);
        await createTopic(kafka, 'kept');
        const producer = kafka.producer();
        await producer.connect();
        await producer.send({ topic: 'kept', acks: -1, messages: [{ value: '1' }] });
        await producer.disconnect();
        await cluster.restart(1, 'SIGKILL');
        const admin = kafka.admin();
        await admin.connect();
        expect((await admin.fetchTopicOffsets('kept'))[0].high).toBe('1');
        await admin.disconnect();
      } finally {
        await cluster.stop();
      }
    }, 120_000);
  },
  { ownBroker: true },
);

import { expect, test } from 'vitest';
import { isPassing, KafkaAdmin } from '../../../connectors/kafka/admin.js';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { produce } from '../../kafka/harness.js';
import { withBroker } from '../../kafka/with-broker.js';

withBroker('the questions a worker asks', ({ addresses, kafka, topic, unique }) => {
  test('topics, partitions, settings, bounds, times', async () => {
    const admin = new KafkaAdmin(kafkaClient({ brokers: addresses() }));
    const name = await topic('asked', 3, { 'retention.ms': '12345000' });
    expect(await admin.partitions([name, 'nothing'])).toEqual(new Map([[name, 3]]));
    expect(await admin.topics()).toContain(name);
    expect(await admin.setting(name, 'retention.ms')).toBe('12345000');
    const before = Date.now();
    await produce(
      kafka(),
      name,
      Array.from({ length: 5 }, (_, i) => ({ partition: 1, value: `v${i}` })),
    );
    expect(await admin.bounds(name, 1)).toEqual({ low: 0, high: 5 });
    expect((await admin.offsetsAt(name, before - 1000)).get(1)).toBe(0);
    expect((await admin.offsetsAt(name, before + 3_600_000)).get(1)).toBe(5);
    await expect(admin.bounds(name, 7)).rejects.toThrow(/has no partition 7/);
    await admin.close();
  }, 120_000);

  test('two processes that make the same topics at the same time do not mind (defect 13)', async () => {
    const plans = [{ topic: unique('made'), partitions: 2, config: { 'cleanup.policy': 'compact' } }];
    const admins = [1, 2, 3].map(() => new KafkaAdmin(kafkaClient({ brokers: addresses() })));
    await Promise.all(admins.map((admin) => admin.ensure(plans)));
    expect(await admins[0].partitions([plans[0].topic])).toEqual(new Map([[plans[0].topic, 2]]));
    await Promise.all(admins.map((admin) => admin.close()));
  }, 120_000);
});

test('a cluster that is not there is an error after the time one is willing to wait', async () => {
  const admin = new KafkaAdmin(kafkaClient({ brokers: ['127.0.0.1:1'], connectTimeoutMs: 100 }), 200);
  await expect(admin.topics()).rejects.toThrow(/127.0.0.1:1|ECONNREFUSED|Connection/);
}, 30_000);

test('what passes by itself', () => {
  expect(isPassing(Object.assign(new Error('x'), { retriable: true }))).toBe(true);
  expect(isPassing(new Error('x', { cause: Object.assign(new Error('y'), { name: 'KafkaJSConnectionError' }) }))).toBe(
    true,
  );
  expect(isPassing(new Error('x'))).toBe(false);
});

import { expect, test } from 'vitest';
import { kafkaAlertSink } from '../../../connectors/alerts/kafka.js';
import { type Delivery, TryAgain } from '../../../connectors/alerts/sink.js';
import { readAll } from '../../kafka/harness.js';
import { withBroker } from '../../kafka/with-broker.js';
import { alertOf, deliveryOf, resolvedOf } from './server.js';

withBroker('alerts on a topic', ({ addresses, kafka, topic }) => {
  test('every change is a record keyed by the id, in order, so that a compacted topic keeps the newest', async () => {
    const name = await topic('alerts', 3, { 'cleanup.policy': 'compact' });
    const sink = kafkaAlertSink({ kafka: { brokers: addresses() }, topic: name });
    // As the queue does: a broker that has just begun may say that its coordinator is still loading.
    const send = (delivery: Delivery): Promise<unknown> =>
      sink.send(delivery).catch((error: Error) => {
        if (error instanceof TryAgain) return send(delivery);
        throw error;
      });
    await send(deliveryOf([alertOf(), alertOf({ id: 'b' })]));
    await send(deliveryOf([resolvedOf()]));
    await sink.close();
    const rows = await readAll(kafka(), name, 3);
    const ofOne = rows.filter(({ key }) => key === 'a1');
    expect(ofOne.map(({ value }) => JSON.parse(value ?? ''))).toEqual([alertOf(), resolvedOf()]);
    expect(ofOne.map(({ headers }) => headers['engram-id'])).toEqual(['a1-1', 'a1-2']);
    expect(new Set(ofOne.map(({ partition }) => partition)).size).toBe(1);
    expect(rows).toHaveLength(3);
  }, 60_000);
});

test('a broker that is away is tried again, without its words', async () => {
  const login = { mechanism: 'plain', username: 'u', password: { env: 'ALERT_TEST_WORD' } } as const;
  process.env.ALERT_TEST_WORD = 'canary';
  const sink = kafkaAlertSink({ kafka: { brokers: ['127.0.0.1:1'], connectTimeoutMs: 50, login }, topic: 't' });
  delete process.env.ALERT_TEST_WORD;
  const error = await sink.send(deliveryOf([alertOf()])).catch((error: Error) => error);
  await sink.close();
  expect(error).toMatchObject({
    name: 'TryAgain',
    message: expect.stringMatching(/^topic t: the alerts were not taken/),
  });
  expect(String((error as Error).stack)).not.toContain('canary');
}, 30_000);

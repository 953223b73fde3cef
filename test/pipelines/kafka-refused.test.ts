import { expect, test } from 'vitest';
import { refusedLetters } from '../../pipelines/kafka-refused.js';
import { alertOf } from '../connectors/alerts/server.js';

test('each alert of a delivery is a dead letter that says where it began, who refused it and why', () => {
  const alerts = [alertOf({ id: 'a', revision: 2 }), alertOf({ id: 'b' })];
  const delivery = { id: 'd-7', group: 'g', labels: {}, status: 'firing', alerts, first: true } as const;
  const by = { sink: 'ops', topic: 'in.dlq', partition: 3, app: 'group' };
  const letters = refusedLetters(delivery, `answered 400: ${'x'.repeat(2000)}`, by);
  expect(letters.map(({ topic, partition, key }) => [topic, partition, String(key)])).toEqual([
    ['in.dlq', 3, 'a'],
    ['in.dlq', 3, 'b'],
  ]);
  expect(letters.map(({ value }) => JSON.parse(String(value)))).toEqual(alerts);
  const [{ headers }, other] = letters;
  expect(headers).toMatchObject({
    'x-error-topic': alerts[0].source.topic,
    'x-error-partition': String(alerts[0].source.partition),
    'x-error-offset': String(alerts[0].source.offset),
    'x-error-stage': 'alerts.ops',
    'x-error-class': 'alert-refused',
    'x-error-app': 'group',
    'engram-delivery': 'd-7',
    'engram-id': 'a-2-ops-d-7',
  });
  expect(headers?.['x-error-message']).toHaveLength(1000);
  expect(other.headers?.['engram-id']).not.toBe(headers?.['engram-id']);
});

import { expect, test } from 'vitest';
import type { KafkaRecord } from '../../connectors/kafka/record.js';
import type { Batch, Event, Reject } from '../../event.js';
import { emptyDigest } from '../../pipelines/kafka-digest.js';
import { OutputWriter, outputTopics } from '../../pipelines/kafka-output.js';
import { alertOf } from '../connectors/alerts/server.js';

const record = (offset: number, headers: KafkaRecord['headers'] = {}): KafkaRecord => ({
  ...{ offset, key: Buffer.from('k'), value: Buffer.from(`v${offset}`), headers, timestampMs: 42 },
});
const row = (offset: number): Event => ({ key: 'k', timeMs: offset, values: [offset], offset });
const reject = (offset: number, stage: string): Reject => ({
  shard: 'in-3',
  offset,
  stage,
  reason: 'bad',
  message: 'why',
  raw: 'raw',
});
const writer = () =>
  new OutputWriter<Event>(
    {
      results: {
        topic: 'in.forecasts',
        encode:
          () =>
          ({ offset }) =>
            `r${offset}`,
      },
      rejects: { topic: 'in.dlq' },
    },
    { topic: 'in', partition: 3, shard: 'in-3', app: 'app' },
    emptyDigest,
  );
const batch = (rows: Event[], rejects: Reject[] = []): Batch<Event> => ({ shard: 'in-3', rows, rejects, next: 99 });

test('topics of an input', () => {
  expect(outputTopics('a.b')).toEqual({
    results: 'a.b.forecasts',
    anomalies: 'a.b.anomalies',
    rejects: 'a.b.dlq',
    alerts: 'a.b.alerts',
  });
});

test('rows keep the partition and get ids that count within an offset; trace headers pass through', () => {
  const records = [record(1, { traceparent: '00-abc', other: 'x' }), record(2)];
  const out = writer().rows(batch([row(1), row(1), row(2)]), records);
  expect(out.map(({ headers }) => headers)).toEqual([
    { 'engram-id': 'in-3-1-0', traceparent: '00-abc' },
    { 'engram-id': 'in-3-1-1', traceparent: '00-abc' },
    { 'engram-id': 'in-3-2-0' },
  ]);
  expect(out.every(({ partition, topic }) => partition === 3 && topic === 'in.forecasts')).toBe(true);
});

test('dead letters keep bytes and headers, in the order the lane gives', () => {
  const records = [record(1), record(4, { mine: 'x' }), record(5)];
  const held: Reject = { ...reject(1, 'order'), held: true };
  const out = writer().rows(batch([], [held, reject(4, 'order'), reject(5, 'decode')]), records);
  expect(out.map(({ headers }) => headers?.['x-error-offset'])).toEqual(['1', '4', '5']);
  expect(out[1]).toMatchObject({ topic: 'in.dlq', key: Buffer.from('k'), value: Buffer.from('v4') });
  expect(out[1].headers).toMatchObject({
    mine: 'x',
    'x-error-class': 'bad',
    'x-error-timestamp': '42',
    'x-error-app': 'app',
  });
  // Held back, its record may be at hand or not: what the step kept of it is written in either case.
  expect(out[0]).toMatchObject({ key: null, value: Buffer.from('raw') });
});

test('the digest is the same however the rows were cut', () => {
  const whole = writer();
  whole.rows(batch([row(1), row(2)], [reject(1, 'a'), reject(2, 'a')]), []);
  const parts = writer();
  parts.rows(batch([row(1)], [reject(1, 'a')]), []);
  parts.rows(batch([row(2)], [reject(2, 'a')]), []);
  expect(parts.digest).toEqual(whole.digest);
  expect(whole.digest.rows).toBe(4);
});

test('changes of alerts are keyed by id and no part of the digest, as rules may change between two readings', () => {
  const alerting = new OutputWriter<Event>(
    { alerts: { topic: 'in.alerts' } },
    { topic: 'in', partition: 3, shard: 'in-3', app: 'app' },
    emptyDigest,
  );
  const [row] = alerting.rows({ ...batch([]), alerts: [alertOf({ revision: 2 })] }, []);
  expect(row).toMatchObject({ topic: 'in.alerts', partition: 3, headers: { 'engram-id': 'a1-2' } });
  expect([String(row?.key), JSON.parse(String(row?.value))]).toEqual(['a1', alertOf({ revision: 2 })]);
  expect(alerting.digest).toEqual(emptyDigest);
});

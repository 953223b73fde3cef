import { expect, test } from 'vitest';
import type { KafkaRecord } from '../../connectors/kafka/record.js';
import type { Batch, Event, Reject } from '../../event.js';
import { align, dropFilled } from '../../operators/align.js';
import { reorder } from '../../operators/reorder.js';
import { emptyDigest } from '../../pipelines/kafka-digest.js';
import { OutputWriter, outputTopics } from '../../pipelines/kafka-output.js';
import { Lane } from '../../pipelines/lane.js';
import { dice } from '../chaos/kafka-chaos.js';
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
  const event = '{"key":"pump","timeMs":5,"values":[1,null]}';
  const held: Reject = { ...reject(1, 'order'), held: true, raw: event };
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
  expect(out[0]).toMatchObject({ key: Buffer.from('pump'), value: Buffer.from(event) });
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

test('ids and trace headers hang on the log alone, however it is cut and though steps hold rows back', () => {
  const random = dice(11);
  const log = Array.from({ length: 400 }, (_, offset) => {
    const skipped = offset % 37 < 3 ? 70 : 0;
    const event = { key: `k${offset % 3}`, timeMs: 1000 + offset * 4 + skipped - Math.floor(random() * 30), offset };
    // Now and then a record of several rows.
    const rows = Array.from({ length: offset % 11 === 0 ? 3 : 1 }, (_, r) => ({
      ...{ ...event, timeMs: event.timeMs + 5 * r, values: [offset + r], offset: offset + r / 4096 },
    }));
    const forget = offset % 90 === 89 ? [event.key] : undefined;
    return { rows, forget, record: record(offset, offset % 4 === 0 ? { traceparent: `00-${offset}` } : {}) };
  });
  type Steps = () => ConstructorParameters<typeof Lane>[0];
  const written = (steps: Steps, size: () => number): string[] => {
    const lane = new Lane<Event>(steps(), { name: 'in-3', channels: ['a'] });
    const out = writer();
    const lines: string[] = [];
    for (let from = 0; from < log.length; ) {
      let to = Math.min(from + size(), log.length);
      // A key is forgotten after the rows of its batch.
      for (let at = from; at < to; at++) if (log[at].forget) to = at + 1;
      const part = log.slice(from, to);
      const forget = part.at(-1)?.forget;
      const rows = part.flatMap((one) => one.rows);
      const made = lane.push({ shard: 'in-3', rows, rejects: [], next: to, ...(forget ? { forget } : {}) });
      const records = part.map((one) => one.record);
      lines.push(
        ...out.rows(made, records).map(({ key, value, headers }) => `${key} ${value} ${JSON.stringify(headers)}`),
      );
      from = to;
    }
    lane.close();
    // Two topics, each in its own order.
    return [...lines.filter((line) => !line.includes('x-error')), ...lines.filter((line) => line.includes('x-error'))];
  };
  const cases: Steps[] = [
    () => [reorder({ latenessMs: 40 })],
    () => [align({ stepMs: 10, collide: 'mean' })],
    () => [reorder({ latenessMs: 40 }), align({ stepMs: 10, collide: 'mean' })],
    () => [reorder({ latenessMs: 40, keys: { limit: 2, whenFull: 'evict' } }), align({ stepMs: 10, collide: 'last' })],
    () => [reorder({ latenessMs: 40 }), align({ stepMs: 10, collide: 'first' })],
    () => [reorder({ latenessMs: 40 }), align({ stepMs: 10, collide: 'mean' }), dropFilled()],
  ];
  for (const steps of cases) {
    const whole = written(steps, () => 1000);
    const ids = whole.map((line) => /"engram-id":"([^"]+)"/.exec(line)?.[1]);
    expect(ids.filter((id) => /-t\d+$/.test(String(id))).length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
    // A row that was held back carries no trace, one that came at once has that of its record.
    expect(whole.filter((line) => /-t\d+"/.test(line) && line.includes('traceparent'))).toEqual([]);
    for (const size of [() => 1, () => 2, () => 17, () => 1 + Math.floor(random() * 40)]) {
      expect(written(steps, size)).toEqual(whole);
    }
  }
  const passing = written(cases[1], () => 7);
  expect(passing.some((line) => line.includes('traceparent'))).toBe(true);
  // Refused after it was held back: the event's own key, and all of the event.
  const letters = written(cases[4], () => 7).filter((line) => line.includes('"x-error-class":"same-step"'));
  const events = letters.map((line) => /^(k\d) (\{.*?\}) \{/.exec(line)).flatMap((found) => (found ? [found] : []));
  expect(events.length).toBeGreaterThan(20);
  for (const [, key, event] of events) {
    expect(JSON.parse(event)).toEqual({ key, timeMs: expect.any(Number), values: [expect.any(Number)] });
  }
});

test('of a held back row of many channels, some of words, the dead letter has all', () => {
  const names = Array.from({ length: 600 }, (_, i) => `channel-${i}`);
  const words = names.map((_, i) => (i < 500 ? undefined : `state-${i}`));
  const values = names.map((_, i) => (i < 500 ? i / 7 : Number.NaN));
  const lane = new Lane<Event>([reorder({ latenessMs: 40 }), align({ stepMs: 10, collide: 'first' })], {
    ...{ name: 'in-3', channels: names, categories: names.slice(500) },
  });
  const rows = [1000, 1001, 1100].map((timeMs, offset) => ({ key: 'ä', timeMs, values, words, offset }));
  const made = lane.push({ shard: 'in-3', rows, rejects: [], next: 3 });
  lane.close();
  const [letter] = writer().rows({ ...made, rows: [] }, []);
  expect(letter.key).toEqual(Buffer.from('ä'));
  expect(JSON.parse(String(letter.value))).toEqual(
    JSON.parse(JSON.stringify({ key: 'ä', timeMs: 1001, values, words })),
  );
});

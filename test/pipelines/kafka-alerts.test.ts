import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kafkaClient } from '../../connectors/kafka/client.js';
import { KafkaTable } from '../../connectors/kafka/table.js';
import type { Alert } from '../../event.js';
import { alertsOf } from '../../pipelines/kafka-alerts.js';
import { formerQueueTopic, queueTopic } from '../../pipelines/kafka-ids.js';
import { type KafkaRunOptions, runKafka } from '../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { alertOf, Receiver } from '../connectors/alerts/server.js';
import { drained, produce, readAll, watchful } from '../kafka/harness.js';
import { createTopic, withBroker } from '../kafka/with-broker.js';

const place = (): string => mkdtempSync(join(tmpdir(), 'engram-kafka-alerts-'));
const rules = [{ name: 'any' }];

const options = {
  ...{ kafka: { brokers: ['127.0.0.1:1'] }, groupId: 'g', topic: 'q', state: { topic: 't' }, sessionTimeoutMs: 6000 },
  onLog: () => {},
};
const host = {
  ...{ shard: 'in-0', topic: 'in', partition: 0, partitions: 1, hurry() {}, fail() {} },
  nowMs: () => performance.now(),
};

test('a mistake in the section is told before the first partition comes', async () => {
  const sinks = { hook: { webhook: { url: 'http://plain.example/', secret: { env: 'NO_SUCH_SECRET' } } } };
  await expect(alertsOf({ alerts: { rules, sinks } } as never, options)).rejects.toThrow('alerts.sinks.hook:');
  expect(await alertsOf({}, options)).toBeUndefined();
});

test('without sinks alerts are counted all the same', async () => {
  const alerts = await alertsOf({ alerts: { rules } }, options);
  await alerts?.queueOf(host).write([alertOf()]);
  expect(alerts?.metrics()).toContain('engram_alerts_total{change="firing",severity="major"} 1');
  await alerts?.close();
});

/** Every anomaly at once to one receiver, which is asked again soon. */
const alertsTo = (hook: Receiver) => ({
  rules: [{ name: 'any', minAbsolute: 300 }],
  routes: [{ waitMs: 0, intervalMs: 0 }],
  queue: { backoffMs: { first: 20, most: 50 } },
  sinks: { ops: { webhook: { url: hook.url(), secret: { env: 'KAFKA_ALERT_KEY' }, allow: hook.allow } } },
});
/** A daily pattern with some noise, and one outlier. */
const value = (n: number): number => (n === 300 ? 90_000 : 100 + 10 * (n % 24) + ((n * 7919) % 13) / 13);

withBroker('alerts of a run on Kafka', ({ addresses, kafka, topic, unique }) => {
  test('lie on a compacted topic and in the queue of a webhook; one that is away holds up neither rows nor readiness', async () => {
    const input = await topic('pumps', 2);
    const group = unique('g');
    const hook = await Receiver.start();
    process.env.KAFKA_ALERT_KEY = 'canary-key';
    const folder = place();
    const start = Date.UTC(2026, 0, 1);
    const rows = Array.from({ length: 800 }, (_, i) => {
      const n = i >> 1;
      const power = i % 2 === 1 ? value(n) : value(n === 300 ? 0 : n);
      return { partition: i % 2, key: `pump-${i % 2}`, value: JSON.stringify({ at: start + n * 60_000, power }) };
    });
    const run = await parseKafkaRun({
      ...{ kafka: { brokers: addresses() }, input, group, pipeline: watchful, state: { folder } },
      decode: { values: ['power'], time: 'at', timeFormat: 'epoch-ms' },
      alerts: alertsTo(hook),
      http: { port: 0, host: '127.0.0.1' },
      ...{ commitMs: 50, checkpointMs: 100, sessionTimeoutMs: 6000, heartbeatMs: 300, oldBrokers: 'allow' },
    });
    hook.reply = () => ({ status: 503 });
    const stop = new AbortController();
    const lines: string[] = [];
    let port = 0;
    const done = runKafka({ ...run, onLog: (line) => lines.push(line), onListen: (at) => (port = at) }, stop.signal);
    await produce(kafka(), input, rows);
    await drained(kafka(), group, input);
    const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await get('/readyz')).toBe('ok\n');
    const figures = await get('/metrics');
    expect(figures).toMatch(/engram_alerts_total\{change="firing",severity="\w+"\} 1\n/);
    expect(figures).toMatch(/engram_alert_queue_length\{sink="ops"\} 1\n/);
    expect(figures).toMatch(/engram_alert_failures_total\{sink="ops"\} [1-9]/);
    hook.reply = () => ({ status: 200 });
    const asked = hook.asked.length;
    await expect.poll(() => hook.asked.length > asked, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => get('/metrics'), { timeout: 10_000 }).toMatch(/queue_length\{sink="ops"\} 0\n/);
    stop.abort();
    await done;
    const written = (await readAll(kafka(), `${input}.alerts`, 1)).map(({ key, value }) => ({
      key,
      alert: JSON.parse(String(value)) as Alert,
    }));
    expect(written.every(({ key, alert }) => key === alert.id)).toBe(true);
    expect(written[0].alert).toMatchObject({
      key: 'pump-1',
      revision: 1,
      source: { topic: input, partition: 1, offset: 300 },
    });
    const { alerts } = hook.bodies.at(-1) as { alerts: Alert[] };
    expect(alerts[0].id).toBe(written[0].alert.id);
    expect(lines.join('\n') + figures).not.toContain('canary-key');
    delete process.env.KAFKA_ALERT_KEY;
    await hook.close();
  }, 90_000);

  /** A run whose webhook has taken nothing, stopped: the alert waits in the queue. `before` is done when the topics are there. */
  async function waiting(hook: Receiver, before: (input: string, group: string) => Promise<void> = async () => {}) {
    process.env.KAFKA_ALERT_KEY = 'canary-key';
    const input = await topic('waiting');
    const group = unique('g');
    const start = Date.UTC(2026, 0, 1);
    const rows = Array.from({ length: 340 }, (_, n) => ({
      ...{ partition: 0, key: 'pump' },
      value: JSON.stringify({ at: start + n * 60_000, power: value(n) }),
    }));
    const run = await parseKafkaRun({
      ...{ kafka: { brokers: addresses() }, input, group, pipeline: watchful, state: { folder: place() } },
      decode: { values: ['power'], time: 'at', timeFormat: 'epoch-ms' },
      alerts: alertsTo(hook),
      ...{ commitMs: 50, checkpointMs: 100, sessionTimeoutMs: 6000, heartbeatMs: 300, oldBrokers: 'allow' },
    });
    await before(input, group);
    hook.reply = () => ({ status: 503 });
    const stop = new AbortController();
    const done = runKafka(run, stop.signal);
    await produce(kafka(), input, rows);
    await drained(kafka(), group, input);
    await expect.poll(() => hook.asked.length, { timeout: 10_000 }).toBeGreaterThan(0);
    stop.abort();
    await done;
    hook.reply = () => ({ status: 200 });
    return { input, group, run };
  }

  /** Runs until the receiver has an alert that it takes. */
  async function delivered(hook: Receiver, run: KafkaRunOptions): Promise<string[]> {
    const stop = new AbortController();
    const types: string[] = [];
    const before = hook.asked.length;
    const onLog = (line: string): void => void types.push((JSON.parse(line) as { type: string }).type);
    const done = runKafka({ ...run, onLog }, stop.signal);
    await expect.poll(() => hook.asked.length, { timeout: 15_000 }).toBeGreaterThan(before);
    stop.abort();
    await done;
    return types;
  }

  test('are not hidden by the open transaction of another group on the same input', async () => {
    const hook = await Receiver.start();
    const client = kafkaClient({ brokers: addresses() });
    const other = kafka().producer({
      ...{ transactionalId: unique('other'), transactionTimeout: 120_000, maxInFlightRequests: 1 },
      retry: { retries: 3 },
    });
    let open: Awaited<ReturnType<typeof other.transaction>> | undefined;
    const { run } = await waiting(hook, async (input) => {
      const queues = new KafkaTable(client, queueTopic(`${input}.alerts`, 'another'), { partitions: 1 });
      await queues.read('another');
      await queues.close();
      await other.connect();
      open = await other.transaction();
      await open.send({
        topic: queueTopic(`${input}.alerts`, 'another'),
        messages: [{ partition: 0, key: 'k', value: 'a note of another group' }],
      });
    });
    await delivered(hook, run);
    await open?.abort();
    await other.disconnect();
    await hook.close();
  }, 90_000);

  test('that an earlier release has left in the queue of all groups are taken over, once', async () => {
    const hook = await Receiver.start();
    const { input, group, run } = await waiting(hook);
    const [now, before] = [queueTopic(`${input}.alerts`, group), formerQueueTopic(`${input}.alerts`)];
    const notes = await readAll(kafka(), now, 1);
    const admin = kafka().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [now] });
    await createTopic(kafka(), before, 1, { 'cleanup.policy': 'compact' });
    await produce(kafka(), before, notes);
    await expect.poll(() => admin.listTopics(), { timeout: 10_000 }).not.toContain(now);
    await admin.disconnect();
    expect(await delivered(hook, run)).toContain('alert-queue-taken-over');
    const after = await readAll(kafka(), now, notes.length + 1);
    expect(after.slice(0, notes.length).map(({ key, value }) => [key, value])).toEqual(
      notes.map(({ key, value }) => [key, value]),
    );
    const asked = hook.asked.length;
    const stop = new AbortController();
    const types: string[] = [];
    const onLog = (line: string): void => void types.push((JSON.parse(line) as { type: string }).type);
    const again = runKafka({ ...run, onLog }, stop.signal);
    await expect.poll(() => types, { timeout: 15_000 }).toContain('live');
    stop.abort();
    await again;
    expect(types).not.toContain('alert-queue-taken-over');
    expect(hook.asked).toHaveLength(asked);
    await hook.close();
  }, 90_000);

  test('that a receiver refuses lie among the dead letters where there is no folder, and are not told again', async () => {
    process.env.KAFKA_ALERT_KEY = 'canary-key';
    const hook = await Receiver.start();
    hook.reply = () => ({ status: 400 });
    const input = await topic('refused');
    const group = unique('g');
    const start = Date.UTC(2026, 0, 1);
    const run = await parseKafkaRun({
      ...{ kafka: { brokers: addresses() }, input, group, pipeline: watchful, state: { topic: unique('state') } },
      decode: { values: ['power'], time: 'at', timeFormat: 'epoch-ms' },
      alerts: alertsTo(hook),
      ...{ commitMs: 50, checkpointMs: 100, sessionTimeoutMs: 6000, heartbeatMs: 300, oldBrokers: 'allow' },
    });
    const lines: Record<string, unknown>[] = [];
    const onLog = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
    const refusals = () => lines.filter(({ type }) => type === 'alert-refused');
    const stop = new AbortController();
    const done = runKafka({ ...run, onLog }, stop.signal);
    await produce(
      kafka(),
      input,
      Array.from({ length: 340 }, (_, n) => ({
        ...{ partition: 0, key: 'pump' },
        value: JSON.stringify({ at: start + n * 60_000, power: value(n) }),
      })),
    );
    await expect.poll(() => refusals().length, { timeout: 20_000 }).toBeGreaterThan(0);
    const letters = await readAll(kafka(), `${input}.dlq`, 1);
    const told = JSON.parse(String(letters[0].value)) as Alert;
    expect(told).toMatchObject({ key: 'pump', source: { topic: input, partition: 0, offset: 300 } });
    expect(letters[0]).toMatchObject({
      key: told.id,
      headers: { 'x-error-stage': 'alerts.ops', 'x-error-class': 'alert-refused', 'x-error-offset': '300' },
    });
    expect(letters[0].headers['x-error-message']).toContain('answered 400');
    expect(refusals()[0]).toMatchObject({ sink: 'ops', shard: `${input}-0`, kept: `${input}.dlq` });
    await drained(kafka(), group, input);
    stop.abort();
    await done;
    const [asked, kept] = [hook.asked.length, refusals().length];
    const again = new AbortController();
    const second = runKafka({ ...run, onLog }, again.signal);
    const lives = () => lines.filter(({ type }) => type === 'live').length;
    await expect.poll(lives, { timeout: 15_000 }).toBe(2);
    again.abort();
    await second;
    expect([hook.asked.length, refusals().length]).toEqual([asked, kept]);
    delete process.env.KAFKA_ALERT_KEY;
    await hook.close();
  }, 90_000);
});

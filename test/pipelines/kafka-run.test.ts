import { expect, test } from 'vitest';
import { runKafka } from '../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { drained, produce, readAll } from '../kafka/harness.js';
import { withBroker } from '../kafka/with-broker.js';

withBroker('a run from a JSON file', ({ addresses, kafka, topic, unique }) => {
  test('forecasts a topic, with its memories on another topic, and says how it is', async () => {
    const input = await topic('meters', 2);
    const group = unique('g');
    const state = unique('state');
    const start = 1_700_000_000_000;
    const rows = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => {
        const n = from + i;
        const value = { at: start + n * 60_000, power: 100 + 10 * ((n >> 1) % 24) };
        return { partition: n % 2, key: `meter-${n % 2}`, value: JSON.stringify(value) };
      });
    const run = async () =>
      parseKafkaRun({
        kafka: { brokers: addresses() },
        input,
        group,
        decode: { values: ['power'], time: 'at', timeFormat: 'epoch-ms' },
        pipeline: 'light',
        state: { topic: state, partitions: 2 },
        http: { port: 0, host: '127.0.0.1' },
        ...{ commitMs: 50, checkpointMs: 100, sessionTimeoutMs: 6000, heartbeatMs: 300, oldBrokers: 'allow' },
      });
    const begin = async () => {
      const stop = new AbortController();
      const lines: string[] = [];
      let port = 0;
      const done = runKafka(
        {
          ...(await run()),
          onLog: (line) => lines.push(line),
          onListen: (at) => {
            port = at;
          },
        },
        stop.signal,
      );
      const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      const end = (): Promise<void> => {
        stop.abort();
        return done;
      };
      return { lines, get, end };
    };
    await produce(kafka(), input, rows(0, 400));
    const first = await begin();
    await drained(kafka(), group, input);
    expect(await first.get('/readyz')).toBe('ok\n');
    expect(await first.get('/healthz')).toBe('ok\n');
    expect(await first.get('/metrics')).toMatch(/engram_records_total 400\n/);
    await first.end();
    await produce(kafka(), input, rows(400, 800));
    const second = await begin();
    await drained(kafka(), group, input);
    await second.end();
    // The second one found the memories of the first on the state topic.
    const restored = second.lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'restored');
    expect(restored.map(({ how, from, committed }) => [how.split(' ')[0], from === committed])).toEqual([
      ['checkpoint', true],
      ['checkpoint', true],
    ]);
    const results = await readAll(kafka(), `${input}.forecasts`, 800);
    expect(results).toHaveLength(800);
    const last = JSON.parse(String(results.at(-1)?.value));
    expect(last).toMatchObject({ key: 'meter-1', offset: 399, alarm: expect.any(Boolean) });
    expect(last.forecast.mean[0][0]).toBeTypeOf('number');
    for (const line of first.lines) expect(JSON.parse(line)).toHaveProperty('time');
  }, 90_000);

  test('takes the limits of what waits from its file to the feeds', async () => {
    const input = await topic('held');
    const group = unique('g');
    const described = {
      ...{ kafka: { brokers: addresses() }, input, group, decode: { values: ['v'] }, pipeline: 'light' },
      ...{ state: { topic: unique('state') }, heldBytesMax: 500, waitingBytesMax: 1000, oldBrokers: 'allow' },
      ...{ sessionTimeoutMs: 6000, heartbeatMs: 300 },
    };
    const producer = kafka().producer({ transactionalId: unique('large'), maxInFlightRequests: 1 });
    await producer.connect();
    const open = await producer.transaction();
    // More than one fetch takes: the marker comes with a later one.
    for (let i = 0; i < 3; i++) {
      const value = `{"v":1,"x":"${'x'.repeat(600_000)}"}`;
      await open.send({ topic: input, messages: [{ partition: 0, key: 'k', value }] });
    }
    await open.commit();
    await producer.disconnect();
    const stop = new AbortController();
    const errors: string[] = [];
    const run = await parseKafkaRun(described);
    expect(run).toMatchObject({ heldBytesMax: 500, waitingBytesMax: 1000 });
    const done = runKafka(
      { ...run, onEvent: (event) => void (event.type === 'dropped' && errors.push(event.error.message)) },
      stop.signal,
    );
    await expect.poll(() => errors[0], { timeout: 20_000 }).toMatch(/the limit is 500: .*raise heldBytesMax/);
    stop.abort();
    await done;
  }, 60_000);
});

import { expect, test } from 'vitest';
import { jsonCodec } from '../../connectors/codecs/json.js';
import { KafkaAdmin } from '../../connectors/kafka/admin.js';
import { kafkaClient } from '../../connectors/kafka/client.js';
import { KafkaTable } from '../../connectors/kafka/table.js';
import { TransactionalWriter } from '../../connectors/kafka/writer.js';
import { readNote } from '../../pipelines/kafka-digest.js';
import { formerId, transactionalId } from '../../pipelines/kafka-ids.js';
import type { WorkerEvent } from '../../pipelines/kafka-options.js';
import { KafkaWorker } from '../../pipelines/kafka-worker.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { KafkaStore } from '../../state/stores/kafka.js';
import { MemoryStore } from '../../state/stores/memory.js';
import { Cluster, sleep } from '../kafka/broker.js';
import {
  begin,
  committedOf,
  drained,
  moving,
  produce,
  type Running,
  readAll,
  settings,
  type Written,
} from '../kafka/harness.js';
import { clientOf, createTopic, withBroker } from '../kafka/with-broker.js';

const rows = (count: number, partitions: number, from = 0, keys = 10) =>
  Array.from({ length: count }, (_, i) => ({
    partition: ((i + from) % keys) % partitions,
    key: `k${(i + from) % keys}`,
    value: JSON.stringify({ value: i + from }),
  }));

/** Rows as readers must find them, however they were made: everything but their place in the output topic. */
const plain = (written: readonly Written[]): string[] =>
  written.map(({ partition, key, value, headers }) => `${partition} ${key} ${value} ${headers['engram-id']}`);

const has = (events: readonly WorkerEvent[], type: WorkerEvent['type']): boolean =>
  events.some((one) => one.type === type);

/** The first place where two outputs are not the same. */
function differs(found: readonly Written[], expected: readonly Written[]): string | undefined {
  const [a, b] = [plain(found), plain(expected)];
  const at = b.findIndex((row, i) => a[i] !== row);
  return at < 0 && a.length === b.length ? undefined : `row ${at} of ${b.length}: ${a[at]} instead of ${b[at]}`;
}

async function until(what: string, done: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(20);
  }
}

withBroker('a worker', ({ addresses, kafka, topic, unique }) => {
  const start = (input: string, group: string, more: Parameters<typeof settings>[3] = {}): Running =>
    begin((onEvent) => new KafkaWorker(settings(addresses(), input, group, { onEvent, ...more })));

  test('one result for every record, in order per partition, with its id; the offset carries the digest', async () => {
    const input = await topic('in', 2);
    const group = unique('g');
    await produce(kafka(), input, rows(5000, 2));
    const at = start(input, group);
    await drained(kafka(), group, input);
    expect(at.worker.ready).toBe(true);
    await at.stop();
    const results = await readAll(kafka(), `${input}.forecasts`, 5000);
    expect(results).toHaveLength(5000);
    expect(new Set(results.map(({ headers }) => headers['engram-id'])).size).toBe(5000);
    for (const partition of [0, 1]) {
      const offsets = results
        .filter((row) => row.partition === partition)
        .map(({ value }) => Number(/@(\d+)"/.exec(String(value))?.[1]));
      expect(offsets).toEqual(Array.from({ length: 2500 }, (_, i) => i));
    }
    const admin = new KafkaAdmin(kafkaClient({ brokers: addresses() }));
    const committed = await admin.committed(group, input, 0);
    await admin.close();
    expect(readNote(committed?.metadata ?? '')).toMatchObject({
      ...{ begin: 0, partitions: 2 },
      digest: expect.stringMatching(/-2500$/),
    });
  }, 120_000);

  test('any cutting into commits and any restart gives the same rows', async () => {
    const input = await topic('cut', 3);
    await produce(kafka(), input, rows(3000, 3));
    const once = start(input, unique('once'), { outputs: outputsTo(`${input}-once`) });
    await drained(kafka(), once.worker.options.groupId, input);
    await once.stop();
    const group = unique('often');
    const store = new MemoryStore();
    const more = { store, commitMs: 1, commitRows: 37, checkpointRows: 50, outputs: outputsTo(`${input}-often`) };
    for (let i = 0; i < 4; i++) {
      const at = start(input, group, more);
      const before = await sum(group, input);
      for (let n = 0; n < 200 && (await sum(group, input)) < Math.min(3000, before + 400); n++) await sleep(10);
      await at.stop();
    }
    const last = start(input, group, more);
    await drained(kafka(), group, input);
    await last.stop();
    const [calm, often] = [
      await readAll(kafka(), `${input}-once`, 3000),
      await readAll(kafka(), `${input}-often`, 3000),
    ];
    expect(calm).toHaveLength(3000);
    expect(differs(often, calm)).toBeUndefined();
  }, 90_000);

  test('records that cannot be used become dead letters with their bytes, key, headers and the reason', async () => {
    const input = await topic('bad');
    const group = unique('g');
    const bad = [
      { key: 'a', value: '{"value":', reason: 'not-json' },
      { key: 'a', value: '[1]', reason: 'not-json' },
      { key: 'a', value: '{"value":"x"}', reason: 'not-a-number' },
      { key: 'a', value: '{"other":1}', reason: 'missing-column' },
      { key: null, value: '{"value":1}', reason: 'missing-key' },
      { key: 'a', value: '{"value":5000000}', reason: 'too-high' },
      { key: null, value: null, reason: 'empty' },
      { key: 'a', value: Buffer.from([0xff, 0, 1]), reason: 'not-json' },
    ];
    const good = rows(100, 1);
    await produce(kafka(), input, [
      ...good.slice(0, 50),
      ...bad.map(({ key, value }) => ({ key, value, headers: { from: 'plant-7' } })),
      ...good.slice(50),
    ]);
    const at = start(input, group);
    await drained(kafka(), group, input);
    await at.stop();
    expect(await readAll(kafka(), `${input}.forecasts`, 100)).toHaveLength(100);
    const letters = await readAll(kafka(), `${input}.dlq`, bad.length);
    expect(letters.map(({ headers }) => headers['x-error-class'])).toEqual(bad.map(({ reason }) => reason));
    expect(letters.map(({ value }) => value)).toEqual(bad.map(({ value }) => (value === null ? null : String(value))));
    expect(letters.map(({ key }) => key)).toEqual(bad.map(({ key }) => key));
    expect(letters[0].headers).toMatchObject({
      from: 'plant-7',
      'x-error-topic': input,
      'x-error-offset': '50',
      'x-error-stage': 'decode',
      'x-error-message': expect.stringContaining('expected a JSON object'),
    });
  }, 120_000);

  test('a record without a value deletes what was learned of its key, there and nowhere else', async () => {
    const input = await topic('tomb');
    const group = unique('g');
    const value = (n: number) => JSON.stringify({ value: n });
    await produce(kafka(), input, [
      ...[1, 2, 3].flatMap((n) => ['a', 'b'].map((key) => ({ key, value: value(n) }))),
      { key: 'a', value: null },
      { key: 'nobody', value: null },
      ...[4, 5].flatMap((n) => ['a', 'b'].map((key) => ({ key, value: value(n) }))),
    ]);
    const at = start(input, group);
    await drained(kafka(), group, input);
    await at.stop();
    const results = (await readAll(kafka(), `${input}.forecasts`, 10)).map(({ value }) => JSON.parse(String(value)));
    expect(results.filter(({ key }) => key === 'a').map(({ count }) => count)).toEqual([1, 2, 3, 1, 2]);
    expect(results.filter(({ key }) => key === 'b').map(({ count }) => count)).toEqual([1, 2, 3, 4, 5]);
  }, 120_000);

  test('too many refused records stop it: the mapping is wrong', async () => {
    const input = await topic('wrong');
    await produce(
      kafka(),
      input,
      Array.from({ length: 3000 }, () => ({ key: 'k', value: '{"temperature":1}' })),
    );
    const at = start(input, unique('g'));
    await expect(at.done).rejects.toThrow(
      /were refused, the limit is a share of 0.5. Most often: decode\/missing-column, \d+ times, first at offset 0 \(.*value/,
    );
  }, 120_000);

  test('a checkpoint of another pipeline is refused, both named', async () => {
    const input = await topic('other');
    const group = unique('g');
    const store = new MemoryStore();
    await produce(kafka(), input, rows(200, 1));
    const first = start(input, group, { store });
    await drained(kafka(), group, input);
    await first.stop();
    const second = start(input, group, { store, pipeline: pipeline('moving').through(moving(5)) });
    await expect(second.done).rejects.toThrow(
      /taken by another pipeline[\s\S]*1000000[\s\S]*found|expected[\s\S]*found/,
    );
  }, 120_000);

  test('without its checkpoints it replays the log from where it began, and the digest proves it', async () => {
    const input = await topic('replay');
    const group = unique('g');
    await produce(kafka(), input, rows(1000, 1));
    const first = start(input, group);
    await drained(kafka(), group, input);
    await first.stop();
    await produce(kafka(), input, rows(500, 1, 1000));
    const second = start(input, group, { store: new MemoryStore() });
    await drained(kafka(), group, input);
    await second.stop();
    expect(second.events.find(({ type }) => type === 'live')).toMatchObject({ replayed: 1000 });
    const results = await readAll(kafka(), `${input}.forecasts`, 1500);
    expect(results).toHaveLength(1500);
    expect(JSON.parse(String(results.at(-1)?.value)).count).toBe(150);
  }, 120_000);

  test('a replay that gives other output is refused before anything is written', async () => {
    const input = await topic('drift');
    const group = unique('g');
    await produce(kafka(), input, rows(300, 1));
    const first = start(input, group);
    await drained(kafka(), group, input);
    await first.stop();
    // The same pipeline by name and settings, with another way to write: what a changed program looks like.
    const outputs = { results: { topic: `${input}.forecasts`, encode: () => () => 'something else' } };
    const second = start(input, group, { store: new MemoryStore(), outputs });
    await expect(second.done).rejects.toThrow(/digest/);
    expect(await readAll(kafka(), `${input}.forecasts`, 300)).toHaveLength(300);
  }, 120_000);

  test('a log that was cut off after the newest checkpoint: refused, or a cold start that says so', async () => {
    const input = await topic('truncated');
    const group = unique('g');
    await produce(kafka(), input, rows(400, 1));
    const first = start(input, group, { store: new MemoryStore() });
    await drained(kafka(), group, input);
    await first.stop();
    await produce(kafka(), input, rows(100, 1, 400));
    const admin = kafka().admin();
    await admin.connect();
    await admin.fetchTopicOffsets(input);
    await admin.deleteTopicRecords({ topic: input, partitions: [{ partition: 0, offset: '300' }] });
    await admin.disconnect();
    // The checkpoints are gone too, so the memories cannot be rebuilt from offset 300.
    const refused = start(input, group, { store: new MemoryStore() });
    await expect(refused.done).rejects.toThrow(/no checkpoint at or below 400[\s\S]*coldStart/);
    const cold = start(input, group, { store: new MemoryStore(), onTruncated: 'coldStart' });
    await drained(kafka(), group, input);
    await cold.stop();
    expect(cold.events.find(({ type }) => type === 'restored')).toMatchObject({
      from: 400,
      how: expect.stringContaining('COLD START'),
    });
    const results = await readAll(kafka(), `${input}.forecasts`, 500);
    expect(results).toHaveLength(500);
    expect(JSON.parse(String(results[400].value)).count).toBe(1);
  }, 90_000);

  test('a topic made anew under an old group: after a cold start new checkpoints hold and old ones stay away', async () => {
    const input = await topic('anew');
    const group = unique('g');
    const table = new KafkaTable(kafka(), await topic('anew-state', 1, { 'cleanup.policy': 'compact' }));
    const store = () => new KafkaStore(table);
    await produce(kafka(), input, rows(400, 1));
    const first = start(input, group, { store: store() });
    await drained(kafka(), group, input);
    await first.stop();
    const admin = kafka().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [input] });
    await until('the topic to be gone', async () => !(await admin.listTopics()).includes(input));
    await admin.disconnect();
    await createTopic(kafka(), input);
    await produce(kafka(), input, rows(100, 1));
    await expect(start(input, group, { store: store() }).done).rejects.toThrow(/onTruncated to coldStart/);
    const cold = start(input, group, { store: store(), onTruncated: 'coldStart' });
    await until('the cold start', () => has(cold.events, 'cold-start'));
    await drained(kafka(), group, input);
    await cold.stop();
    const event = cold.events.find(({ type }) => type === 'cold-start');
    expect(event).toMatchObject({ from: 0, retired: expect.arrayContaining([400]) });
    expect(has(cold.events, 'checkpoint-failed')).toBe(false);
    await produce(kafka(), input, rows(50, 1, 100));
    const last = start(input, group, { store: store() });
    await drained(kafka(), group, input);
    await last.stop();
    expect(last.events.find(({ type }) => type === 'restored')).toMatchObject({ from: 100, how: 'checkpoint at 100' });
    await table.close();
    const counts = (await readAll(kafka(), `${input}.forecasts`, 550)).map(
      ({ value }) => JSON.parse(String(value)).count,
    );
    expect(counts).toHaveLength(550);
    expect(counts.at(-1)).toBe(15);
  }, 90_000);

  test('a step that throws stops the worker with the offsets, and nothing of that commit is seen', async () => {
    const input = await topic('choke');
    const group = unique('g');
    await produce(kafka(), input, [...rows(100, 1), { key: 'k', value: '{"value":-987654321}' }, ...rows(10, 1, 100)]);
    const at = start(input, group);
    await expect(at.done).rejects.toThrow(/a step failed between offsets \d+ and \d+: the step chokes/);
    expect((await committedOf(kafka(), group, input)).get(0)).toBeLessThanOrEqual(100);
  }, 120_000);

  test('a second worker with the same group takes over at once what another one still holds', async () => {
    const input = await topic('fence');
    const group = unique('g');
    const store = new MemoryStore();
    await produce(kafka(), input, rows(300, 1));
    const first = start(input, group, { store });
    await drained(kafka(), group, input);
    // Fences the first one's producer behind its back, as another process would.
    const producer = kafka().producer({ transactionalId: transactionalId(group, input, 0), maxInFlightRequests: 1 });
    await producer.connect();
    await (await producer.transaction()).abort();
    await producer.disconnect();
    await produce(kafka(), input, rows(300, 1, 300));
    await drained(kafka(), group, input);
    await first.stop();
    expect(first.events.find(({ type }) => type === 'dropped')).toMatchObject({ fenced: true });
    const results = await readAll(kafka(), `${input}.forecasts`, 600);
    expect(results).toHaveLength(600);
    expect(JSON.parse(String(results.at(-1)?.value)).count).toBe(60);
  }, 120_000);

  test('a writer that was fenced is not opened again before the group has counted on its process anew', async () => {
    const input = await topic('zombie');
    const group = unique('g');
    const told: WorkerEvent['type'][] = [];
    const onEvent = ({ type }: WorkerEvent): void => void told.push(type);
    const at = start(input, group, { onEvent, sessionTimeoutMs: 30_000, heartbeatMs: 4000 });
    await produce(kafka(), input, rows(10, 1));
    await drained(kafka(), group, input);
    // Just behind a heartbeat of its life the next one is far.
    const before = told.length;
    await until('a heartbeat', () => told.includes('heartbeat', before));
    const client = kafkaClient({ brokers: addresses() });
    const rightful = await TransactionalWriter.open(client, transactionalId(group, input, 0));
    const fenced = told.length;
    await produce(kafka(), input, rows(10, 1, 10));
    await until('an end of its task', () => told.includes('dropped', fenced));
    await until('another task', () => told.includes('restored', fenced));
    const since = told.slice(told.indexOf('dropped', fenced), told.indexOf('restored', fenced));
    expect(since.filter((type) => type === 'heartbeat' || type === 'assigned')).not.toEqual([]);
    await drained(kafka(), group, input);
    await at.stop();
    await rightful.close();
  }, 120_000);

  test('a writer of an earlier release, which had another id, is fenced too before its offset is believed', async () => {
    const input = await topic('former');
    const group = unique('g');
    await produce(kafka(), input, rows(50, 1));
    const old = kafka().producer({
      ...{ transactionalId: formerId(group, input, 0), transactionTimeout: 60_000, maxInFlightRequests: 1 },
      retry: { retries: 3 },
    });
    await old.connect();
    // It hangs with results and an offset that are not committed yet.
    const open = await old.transaction();
    await createTopic(kafka(), `${input}.forecasts`);
    await open.send({ topic: `${input}.forecasts`, messages: [{ partition: 0, value: 'from before' }] });
    const at = start(input, group);
    await drained(kafka(), group, input);
    await expect(open.commit()).rejects.toThrow(/epoch|fenced|producer/i);
    await old.disconnect();
    await at.stop();
    const results = await readAll(kafka(), `${input}.forecasts`, 50);
    expect(results.map(({ value }) => value).filter((value) => value === 'from before')).toEqual([]);
    expect(results).toHaveLength(50);
  }, 120_000);

  test('the lag is told, and grows, while nothing can be committed', async () => {
    const input = await topic('stuck');
    const group = unique('g');
    await produce(kafka(), input, rows(40, 1));
    let away = false;
    const prepare = async (): Promise<void> => {
      if (away) throw new Error('the registry is away');
    };
    const at = start(input, group, { codec: { ...jsonCodec(), prepare }, lagMs: 200 });
    const lags = () => at.events.flatMap((event) => (event.type === 'lag' ? [event.lag] : []));
    await drained(kafka(), group, input);
    await until('no lag', () => lags().at(-1) === 0);
    away = true;
    await produce(kafka(), input, rows(30, 1, 40));
    await until('a lag of 30', () => lags().at(-1) === 30);
    await produce(kafka(), input, rows(30, 1, 70));
    await until('a lag of 60', () => lags().at(-1) === 60);
    expect(has(at.events, 'dropped')).toBe(true);
    away = false;
    await drained(kafka(), group, input);
    await until('no lag any more', () => lags().at(-1) === 0);
    await at.stop();
  }, 120_000);

  test('who is to stop does not wait for a group that is waiting for members', async () => {
    const cluster = await Cluster.start({ properties: { 'group.initial.rebalance.delay.ms': '12000' } });
    const plain = clientOf(cluster.addresses);
    await createTopic(plain, 'slow');
    const stop = new AbortController();
    const done = new KafkaWorker(settings(cluster.addresses, 'slow', 'g')).run(stop.signal);
    await sleep(3000);
    const began = performance.now();
    stop.abort();
    await done;
    expect(performance.now() - began).toBeLessThan(6500);
    await cluster.stop();
  }, 60_000);

  test('at least once: the same rows under the same ids', async () => {
    const input = await topic('alo', 2);
    const group = unique('g');
    const store = new MemoryStore();
    await produce(kafka(), input, rows(1000, 2));
    const first = start(input, group, { store, mode: 'at-least-once' });
    await drained(kafka(), group, input);
    await first.stop();
    await produce(kafka(), input, rows(1000, 2, 1000));
    const second = start(input, group, { store, mode: 'effectively-once' });
    await drained(kafka(), group, input);
    await second.stop();
    const results = await readAll(kafka(), `${input}.forecasts`, 2000);
    expect(new Set(results.map(({ headers }) => headers['engram-id'])).size).toBe(2000);
    const last = new Map(results.map(({ key, value }) => [key, JSON.parse(String(value)).count]));
    expect([...last.values()]).toEqual(Array(10).fill(200));
    expect(has(second.events, 'dropped')).toBe(false);
  }, 120_000);

  test('partitions added to the input stop it with the reason, at the next assignment', async () => {
    const input = await topic('grow', 2);
    const group = unique('g');
    const at = start(input, group);
    await until('partitions', () => at.worker.ready);
    const admin = kafka().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: input, count: 3 }] });
    await admin.disconnect();
    // Another member makes the group share out anew; this one has seen three from the start, and has outputs for them.
    const other = start(input, group, { outputs: outputsTo(`${input}-new`) });
    await expect(at.done).rejects.toThrow(/the topic had 2 partitions, it has 3.*another group/);
    await other.stop().catch(() => {});
  }, 120_000);

  test('partitions added to the input are noticed though no member comes or goes', async () => {
    const input = await topic('widen', 2);
    const at = start(input, unique('g'), { metadataMs: 300 });
    await until('partitions', () => at.worker.ready);
    const admin = kafka().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: input, count: 3 }] });
    await admin.disconnect();
    await expect(at.done).rejects.toThrow(/the topic had 2 partitions, it has 3.*another group/);
    expect(at.events.some((event) => 'shard' in event && event.shard === `${input}-2`)).toBe(false);
  }, 120_000);

  test('more partitions than one process shall have stop it with the reason (defect 15)', async () => {
    const input = await topic('many', 3);
    const at = start(input, unique('g'), { partitionsMax: 2 });
    await expect(at.done).rejects.toThrow(
      'assigned 3 partitions, partitionsMax is 2: start more processes, or raise it',
    );
  }, 120_000);

  test('topics that cannot work are refused before anything is read', async () => {
    const input = await topic('sensor-readings');
    const wrong = start(input.replace('readings', 'reading'), unique('g'));
    await expect(wrong.done).rejects.toThrow(`did you mean "${input}"`);
    const compacted = await topic('compacted', 1, { 'cleanup.policy': 'compact' });
    await expect(start(compacted, unique('g')).done).rejects.toThrow(/cleanup.policy=compact/);
    const wide = await topic('wide', 3);
    const outputs = outputsTo(await topic('narrow', 1));
    await expect(start(wide, unique('g'), { outputs }).done).rejects.toThrow(
      /as many partitions as .* \(3\), it has 1/,
    );
  }, 120_000);

  test('a result that is larger than its topic takes stops it with what to raise; the offset stays before it', async () => {
    const input = await topic('long');
    const group = unique('g');
    const small = await topic('small', 1, { 'max.message.bytes': '1000' });
    await produce(kafka(), input, [...rows(50, 1), { key: 'k'.repeat(2000), value: '{"value":1}' }]);
    const at = start(input, group, { outputs: outputsTo(small), commitRows: 10 });
    await expect(at.done).rejects.toThrow(
      `${input}-0: an output record is larger than its topic takes: raise max.message.bytes of the output topics`,
    );
    expect(await sum(group, input)).toBeLessThanOrEqual(50);
    expect((await readAll(kafka(), small)).every(({ key }) => key !== null && key.length < 100)).toBe(true);
  }, 120_000);

  async function sum(group: string, input: string): Promise<number> {
    return [...(await committedOf(kafka(), group, input)).values()].reduce((all, at) => all + Math.max(0, at), 0);
  }
});

function outputsTo(topic: string) {
  return { results: { topic, encode: encodeIds } };
}

const encodeIds =
  () =>
  ({
    key,
    offset,
    count,
    average,
    chain,
  }: {
    key: string;
    offset: number;
    count: number;
    average: number;
    chain: number;
  }) =>
    JSON.stringify({ key, offset, count, average, chain });

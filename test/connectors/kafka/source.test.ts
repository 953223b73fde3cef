import { expect, test } from 'vitest';
import { jsonCodec } from '../../../connectors/codecs/json.js';
import { KafkaSource, type KafkaSourceOptions } from '../../../connectors/kafka/source.js';
import type { Batch, Event } from '../../../event.js';
import { pipeline } from '../../../pipelines/pipeline.js';
import { run } from '../../../pipelines/run.js';
import { moving, produce } from '../../kafka/harness.js';
import type { Moved } from '../../kafka/moving.mjs';
import { withBroker } from '../../kafka/with-broker.js';

const never = new AbortController().signal;

withBroker('a stretch of a topic', ({ addresses, kafka, topic }) => {
  const source = (name: string, more: Partial<KafkaSourceOptions> = {}) =>
    new KafkaSource({
      kafka: { brokers: addresses() },
      topic: name,
      codec: jsonCodec(),
      mapping: { values: ['v'] },
      ...more,
    });

  async function all(from: KafkaSource, shard: string, start = 0): Promise<{ offsets: number[]; last: Batch<Event> }> {
    const offsets: number[] = [];
    let last: Batch<Event> | undefined;
    for await (const batch of from.read(shard, start, never)) {
      offsets.push(...batch.rows.map(({ offset }) => offset), ...batch.rejects.map(({ offset }) => offset));
      last = batch;
    }
    return { offsets: offsets.sort((a, b) => a - b), last: last as Batch<Event> };
  }

  /** Retention, by hand: the records below an offset of partition 0. */
  async function remove(name: string, below: number): Promise<void> {
    const admin = kafka().admin();
    await admin.connect();
    await admin.fetchTopicOffsets(name);
    await admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: String(below) }] });
    await admin.disconnect();
  }

  test('what operators said stands between the rows of its place', async () => {
    const name = await topic('marked');
    const rows = Array.from({ length: 9 }, (_, i) => ({
      ...{ partition: 0, key: 'k', value: i % 4 === 2 ? '{"startMs":1,"endMs":2}' : `{"v":${i}}` },
      headers: i % 4 === 2 ? { 'engram-mark': 'real' } : ({} as Record<string, string>),
    }));
    await produce(kafka(), name, rows);
    const told: string[] = [];
    const marked = source(name);
    await marked.open();
    for await (const batch of marked.read(`${name}-0`, 0, never)) {
      told.push(...(batch.marks ?? []).map(({ verdict, offset }) => `${verdict} ${offset}`));
      told.push(...batch.rows.map(({ offset }) => String(offset)));
    }
    expect(told).toEqual(['0', '1', 'real 2', '3', '4', '5', 'real 6', '7', '8']);
  });

  test('all of it, by offset, by time, from a checkpoint on; and it commits nothing', async () => {
    const name = await topic('past', 2);
    const rows = (from: number) =>
      Array.from({ length: 100 }, (_, i) => ({
        partition: i % 2,
        key: 'k',
        value: i === 20 ? '{' : `{"v":${i + from}}`,
      }));
    await produce(kafka(), name, rows(0));
    const middle = new Date(Date.now() + 1).toISOString();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await produce(kafka(), name, rows(100));
    const whole = source(name);
    expect(await whole.open()).toMatchObject({
      shards: [`${name}-0`, `${name}-1`],
      channels: ['v'],
      rows: 200,
      partitions: 2,
      goesOn: true,
    });
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
    expect(await all(whole, `${name}-0`)).toMatchObject({ offsets: range(0, 100), last: { next: 100, ends: true } });
    expect((await all(whole, `${name}-1`, 70)).offsets).toEqual(range(70, 100));
    expect((await all(whole, `${name}-1`, 100)).last).toMatchObject({ rows: [], ends: true, next: 100 });
    const part = source(name, { from: 10, to: '30' });
    expect(await all(part, `${name}-0`)).toMatchObject({ offsets: range(10, 30), last: { next: 30, ends: true } });
    const late = source(name, { from: middle });
    expect((await all(late, `${name}-0`)).offsets).toEqual(range(50, 100));
    const early = source(name, { to: middle });
    expect((await all(early, `${name}-1`)).offsets).toEqual(range(0, 50));
    for (const one of [whole, part, late, early]) await one.close();
    const admin = kafka().admin();
    await admin.connect();
    const { groups } = await admin.listGroups();
    for (const { groupId } of groups.filter(({ groupId }) => groupId.startsWith('engram-replay'))) {
      const offsets = await admin.fetchOffsets({ groupId, topics: [name] });
      expect(offsets.flatMap(({ partitions }) => partitions.map(({ offset }) => offset))).toEqual(['-1', '-1']);
    }
    await admin.disconnect();
  }, 90_000);

  test('the engine replays it like a file', async () => {
    const name = await topic('replayed', 1);
    await produce(
      kafka(),
      name,
      Array.from({ length: 300 }, (_, i) => ({ key: `k${i % 3}`, value: `{"v":${i}}` })),
    );
    const rows: Moved[] = [];
    const summary = await run<Moved>({
      pipeline: pipeline('p').through(moving()),
      source: source(name),
      onBatch: (batch) => void rows.push(...batch.rows),
    });
    expect(summary).toMatchObject({ rows: 300, rejects: 0, stopped: false });
    expect(rows.at(-1)).toMatchObject({ offset: 299, count: 100 });
  }, 120_000);

  test('what cannot be is said', async () => {
    const name = await topic('gone', 1);
    await produce(kafka(), name, [{ value: '{"v":1}' }, { value: '{"v":2}' }]);
    await remove(name, 1);
    await expect(source(name, { from: 0 }).starts(`${name}-0`, 0)).rejects.toThrow(
      /from 1 on in partition 0.*older records are gone/,
    );
    // A run whose checkpoint stands at an offset that the log has no more, or not yet.
    await expect(source(name).starts(`${name}-0`, 1)).resolves.toBeUndefined();
    const later = await topic('shortened', 1);
    await produce(kafka(), later, [{ value: '{"v":1}' }, { value: '{"v":2}' }, { value: '{"v":3}' }]);
    await remove(later, 2);
    await expect(source(later).starts(`${later}-0`, 1)).rejects.toThrow(
      /read up to offset 1 and now begins at 2.*gone by retention.*--fresh begins again/,
    );
    await expect(source(name).starts(`${name}-0`, 7)).rejects.toThrow(
      /read up to offset 7 and now ends at 2: it is not the log.*--fresh/,
    );
    await expect(source(name).starts(`${name}-5`, 0)).rejects.toThrow(`expected one of the shards ${name}-0, got`);
    await expect(source(name, { from: 'yesterday' }).open()).rejects.toThrow(
      /earliest, latest, an offset, .* a time such as/,
    );
    await expect(source('no-such-topic').open()).rejects.toThrow(/cluster has none/);
  }, 120_000);
});

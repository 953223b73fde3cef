import { expect, test } from 'vitest';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { KafkaTable } from '../../../connectors/kafka/table.js';
import { tableOf } from '../../../state/arrow.js';
import type { Checkpoint } from '../../../state/checkpoint.js';
import { frame } from '../../../state/checkpoint.js';
import { KafkaStore, type RecordTable } from '../../../state/stores/kafka.js';
import { withBroker } from '../../kafka/with-broker.js';

const checkpoint = (shard: string, next: number, rows = 100): Checkpoint => ({
  ...{ shard, next, ended: false, pipeline: 'p', sinks: { a: 1 } },
  stages: {
    step: { rows: tableOf({ n: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i + next)) }, { m: 'x' }) },
  },
});

/** A compacted topic in memory. */
class Memory implements RecordTable {
  readonly records = new Map<string, Uint8Array>();
  writes = 0;
  failAt = Number.POSITIVE_INFINITY;
  async read() {
    return new Map(this.records);
  }
  async write(_: string, records: readonly { key: string; value: Uint8Array | null }[]) {
    if (++this.writes >= this.failAt) throw new Error('the broker is away');
    for (const { key, value } of records) {
      if (value) this.records.set(key, value.slice());
      else this.records.delete(key);
    }
  }
}

const same = (found: Checkpoint | undefined, expected: Checkpoint): void =>
  expect(found && Buffer.from(frame(found)).equals(frame(expected))).toBe(true);

test('gives back the newest at or below an offset, keeps three, deletes all of older ones', async () => {
  const table = new Memory();
  const store = new KafkaStore(table, { chunkBytes: 500 });
  expect(await store.load('a')).toBeUndefined();
  for (const next of [10, 20, 30, 40, 50]) {
    await store.save(checkpoint('a', next));
    await store.save(checkpoint('a\nb', next));
  }
  same(await store.load('a'), checkpoint('a', 50));
  same(await store.load('a', 49), checkpoint('a', 40));
  expect(await store.load('a', 20)).toBeUndefined();
  const offsets = new Set(
    [...table.records.keys()].filter((key) => /^a\n\d/.test(key)).map((key) => key.split('\n')[1]),
  );
  expect([...offsets]).toEqual(['30', '40', '50']);
});

test('a save that breaks off anywhere leaves the generation before it', async () => {
  for (let failAt = 1; ; failAt++) {
    const table = new Memory();
    await new KafkaStore(table, { chunkBytes: 700 }).save(checkpoint('a', 10));
    table.failAt = table.writes + failAt;
    const done = await new KafkaStore(table, { chunkBytes: 700 }).save(checkpoint('a', 20)).then(
      () => true,
      () => false,
    );
    same(await new KafkaStore(table).load('a'), checkpoint('a', done ? 20 : 10));
    if (done) break;
    expect(failAt).toBeLessThan(50);
  }
});

test('a missing chunk or a flipped bit: the generation before, and word of it; alone it is refused', async () => {
  for (const harm of ['missing', 'flipped'] as const) {
    const table = new Memory();
    const told: number[] = [];
    const store = new KafkaStore(table, { chunkBytes: 500, onDamaged: (_, next) => told.push(next) });
    await store.save(checkpoint('a', 10));
    await store.save(checkpoint('a', 20));
    const damage = (next: number): void => {
      const key = `a\n${next}\n1`;
      const bytes = table.records.get(key) as Uint8Array;
      if (harm === 'missing') table.records.delete(key);
      else bytes[7] ^= 4;
    };
    damage(20);
    same(await store.load('a'), checkpoint('a', 10));
    expect(told).toEqual([20]);
    damage(10);
    await expect(store.load('a')).rejects.toThrow(/found only damaged ones/);
  }
});

test('refuses to go backwards, also for another process, and settings that cannot work', async () => {
  const table = new Memory();
  await new KafkaStore(table).save(checkpoint('a', 20));
  await expect(new KafkaStore(table).save(checkpoint('a', 10))).rejects.toThrow(/at or after offset 20, got 10/);
  expect(() => new KafkaStore(table, { generations: 2 })).toThrow(/at least 3/);
  expect(() => new KafkaStore(table, { chunkBytes: 0 })).toThrow(/at least 1/);
});

withBroker('on a real topic', ({ addresses, kafka, topic, unique }) => {
  test('another process finds what this one saved, megabytes too', async () => {
    const name = unique('state');
    const client = () => kafkaClient({ brokers: addresses() });
    const first = new KafkaTable(client(), name, { partitions: 3 });
    const store = new KafkaStore(first);
    for (const next of [10, 20, 30, 40]) await store.save(checkpoint('g/in-0', next, 300_000));
    await store.save(checkpoint('g/in-1', 7));
    await first.close();
    const second = new KafkaTable(client(), name);
    const other = new KafkaStore(second);
    const found = await Promise.all([
      other.load('g/in-0'),
      other.load('g/in-0', 35),
      other.load('g/in-1'),
      other.load('g/x'),
    ]);
    same(found[0], checkpoint('g/in-0', 40, 300_000));
    same(found[1], checkpoint('g/in-0', 30, 300_000));
    same(found[2], checkpoint('g/in-1', 7));
    expect(found[3]).toBeUndefined();
    await second.close();
    const admin = kafka().admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name, configNames: ['cleanup.policy'] }],
    });
    await admin.disconnect();
    expect(resources[0].configEntries[0].configValue).toBe('compact');
  }, 60_000);

  test('a topic that forgets is refused', async () => {
    const store = new KafkaStore(new KafkaTable(kafkaClient({ brokers: addresses() }), await topic('deleting')));
    await expect(store.save(checkpoint('a', 1))).rejects.toThrow(/cleanup.policy=delete/);
  }, 60_000);
});

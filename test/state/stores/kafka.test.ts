import { expect, test } from 'vitest';
import { tableOf } from '../../../state/arrow.js';
import type { Checkpoint } from '../../../state/checkpoint.js';
import { frame } from '../../../state/checkpoint.js';
import { KafkaStore, type RecordTable } from '../../../state/stores/kafka.js';

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

test('what is retired is in the way of no save and never comes back; other shards keep theirs', async () => {
  const table = new Memory();
  const before = new KafkaStore(table, { chunkBytes: 500 });
  for (const next of [40, 60, 80]) await before.save(checkpoint('a', next));
  await before.save(checkpoint('b', 7));
  // A chunk that a broken save left, which no manifest names.
  table.records.set('a\n90\n0', new Uint8Array(3));
  const store = new KafkaStore(table, { chunkBytes: 500 });
  expect(await store.retire('a')).toEqual([40, 60, 80]);
  expect([...table.records.keys()].filter((key) => key.startsWith('a\n'))).toEqual([]);
  await store.save(checkpoint('a', 5));
  same(await new KafkaStore(table).load('a'), checkpoint('a', 5));
  same(await new KafkaStore(table).load('b'), checkpoint('b', 7));
  expect(await store.retire('c')).toEqual([]);
});

test('a shard that was set back deletes what is ahead before it saves', async () => {
  const table = new Memory();
  const before = new KafkaStore(table);
  for (const next of [40, 60, 80]) await before.save(checkpoint('a', next));
  const store = new KafkaStore(table);
  same(await store.load('a', 50), checkpoint('a', 40));
  await store.save(checkpoint('a', 55));
  same(await new KafkaStore(table).load('a'), checkpoint('a', 55));
  same(await new KafkaStore(table).load('a', 54), checkpoint('a', 40));
});

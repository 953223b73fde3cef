import { describe, expect, test } from 'vitest';
import { frame } from '../../../state/checkpoint.js';
import { MemoryStore } from '../../../state/stores/memory.js';
import { sampleCheckpoint } from '../samples.js';

const at = (next: number, shard = 'log-0') => sampleCheckpoint({ shard, next });

describe('MemoryStore', () => {
  test('gives back the newest at or below an offset, byte for byte', async () => {
    const store = new MemoryStore();
    expect(await store.load('log-0')).toBeUndefined();
    for (const next of [0, 10, 20, 30]) await store.save(at(next));
    expect((await store.load('log-0', 9))?.next).toBeUndefined();
    expect((await store.load('log-0', 25))?.next).toBe(20);
    const newest = await store.load('log-0');
    expect(Buffer.compare(frame(newest!), frame(at(30)))).toBe(0);
    expect(await store.load('log-1')).toBeUndefined();
  });

  test('refuses to go backwards, unless it was loaded from there', async () => {
    const store = new MemoryStore();
    for (const next of [10, 20, 30]) await store.save(at(next));
    await expect(store.save(at(29))).rejects.toThrow('expected a checkpoint at or after offset 30, got 29');
    await store.load('log-0', 15);
    await store.save(at(12));
    expect((await store.load('log-0'))?.next).toBe(12);
  });

  test('what is retired is in the way of no save and never comes back', async () => {
    const store = new MemoryStore();
    for (const next of [10, 20, 30]) await store.save(at(next));
    expect(await store.retire('log-0')).toEqual([10, 20, 30]);
    expect(await store.load('log-0')).toBeUndefined();
    await store.save(at(5));
    expect((await store.load('log-0'))?.next).toBe(5);
    expect(await store.retire('log-1')).toEqual([]);
  });

  test('what was given out does not change what is kept', async () => {
    const store = new MemoryStore();
    await store.save(at(10));
    const given = await store.load('log-0');
    given!.stages.remember!.rows!.batches[0]!.data.children[2]!.values.fill(0);
    expect(Buffer.compare(frame((await store.load('log-0'))!), frame(at(10)))).toBe(0);
  });

  test('keeps as many generations as told', async () => {
    const store = new MemoryStore(1);
    await store.save(at(10));
    await store.save(at(20));
    expect(await store.load('log-0', 10)).toBeUndefined();
    expect(() => new MemoryStore(0)).toThrow('generations: expected a whole number of at least 1, got 0');
  });
});

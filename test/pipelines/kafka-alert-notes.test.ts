import { expect, test } from 'vitest';
import type { Outgoing } from '../../connectors/kafka/record.js';
import { TopicNotes } from '../../pipelines/kafka-alert-notes.js';

/** A compacted topic: what was put, applied in order, up to so many records. */
function topicOf(rows: readonly Outgoing[], upTo = rows.length): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const { key, value } of rows.slice(0, upTo)) {
    if (value === null) found.delete(String(key));
    else found.set(String(key), value as Buffer);
  }
  return found;
}

const rows: Outgoing[] = [];
const notes = (found: ReadonlyMap<string, Buffer>, prefix = 'g\nin-0\nops\n', chunkBytes = 20): TopicNotes =>
  new TopicNotes({
    ...{ topic: 'q', partition: 3, found, prefix, chunkBytes, ready: () => Promise.resolve() },
    put: (more) => rows.push(...more),
  });

test('notes come back in order, to whoever has the same prefix, and number on', async () => {
  rows.length = 0;
  const one = notes(new Map());
  expect((await one.open()).records).toEqual([]);
  await one.append(Array.from({ length: 12 }, (_, i) => ({ i })));
  await notes(new Map(), 'g\nin-0\nother\n').append([{ other: 1 }]);
  const two = notes(topicOf(rows));
  expect((await two.open()).records).toEqual(Array.from({ length: 12 }, (_, i) => ({ i })));
  await two.append([{ i: 12 }]);
  expect((await notes(topicOf(rows)).open()).records).toHaveLength(13);
  expect(rows.every(({ topic, partition }) => topic === 'q' && partition === 3)).toBe(true);
  expect(two.bytes).toBeGreaterThan(0);
});

test('a snapshot stands for all before it; cut off at any record, either it or what it stands for is there', async () => {
  rows.length = 0;
  const one = notes(new Map());
  await one.open();
  await one.append([{ i: 0 }, { i: 1 }, { i: 2 }]);
  const before = rows.length;
  const snapshot = { all: 'ü"\\n and more than fits into one record of twenty bytes' };
  await one.compact(snapshot);
  expect(one.snapshotBytes).toBeGreaterThan(0);
  expect(one.bytes).toBe(0);
  for (let upTo = before; upTo <= rows.length; upTo++) {
    const { records } = await notes(topicOf(rows, upTo)).open();
    expect([[snapshot], [{ i: 0 }, { i: 1 }, { i: 2 }]]).toContainEqual(records);
  }
  await one.append([{ i: 3 }]);
  const found = topicOf(rows);
  expect((await notes(found).open()).records).toEqual([snapshot, { i: 3 }]);
  // The next snapshot leaves nothing of the one before.
  const two = notes(found);
  await two.open();
  await two.compact({ all: 'new' });
  expect((await notes(topicOf(rows)).open()).records).toEqual([{ all: 'new' }]);
  expect(topicOf(rows).size).toBeLessThan(4);
});

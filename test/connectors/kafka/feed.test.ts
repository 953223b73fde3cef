import { expect, test } from 'vitest';
import { Feed } from '../../../connectors/kafka/feed.js';
import type { RawBatch } from '../../../connectors/kafka/internals.js';

const batch = (from: number, count: number, bytes = 10, fetched = from, tail = 0): RawBatch => ({
  topic: 't',
  partition: 0,
  fetchedOffset: String(fetched),
  highWatermark: String(from + count + 5),
  rawMessages: Array.from({ length: count }, (_, i) => ({
    offset: String(from + i),
    timestamp: '0',
    key: null,
    value: Buffer.alloc(bytes),
    batchContext: {
      producerId: '-1',
      inTransaction: false,
      firstOffset: String(from),
      lastOffsetDelta: count - 1 + tail,
    },
  })),
  isEmpty: () => false,
  isEmptyDueToFiltering: () => false,
});

const tap = () => {
  const calls: string[] = [];
  return { calls, pause: () => void calls.push('pause'), resume: () => void calls.push('resume') };
};

test('records come once and in order, whatever is fetched again', async () => {
  const feed = new Feed('t', 0, 5, tap());
  expect(feed.push(batch(3, 4, 10, 5))).toBe(true);
  expect(feed.push(batch(3, 6, 10, 5))).toBe(true);
  const offsets: number[] = [];
  for (let chunk = await feed.take(0); typeof chunk === 'object'; chunk = await feed.take(0)) {
    offsets.push(...chunk.records.map(({ offset }) => offset));
  }
  expect(offsets).toEqual([5, 6, 7, 8]);
  expect(feed.highWatermark).toBe(14);
});

test('a batch that was asked for further on is not taken: records would be missing', () => {
  const feed = new Feed('t', 0, 5, tap());
  expect(feed.push(batch(9, 3))).toBe(false);
  expect(feed.seen).toBe(5);
});

test('what compaction removed from the end of a batch is passed over', async () => {
  const feed = new Feed('t', 0, 0, tap());
  feed.push(batch(0, 3, 10, 0, 4));
  expect(feed.seen).toBe(7);
  expect(await feed.take(0)).toMatchObject({ next: 7 });
});

test('above its limit the flow stops, below half of it it goes on', async () => {
  const at = tap();
  const feed = new Feed('t', 0, 0, at, { waitingBytesMax: 1000 });
  feed.push(batch(0, 5, 100));
  expect(at.calls).toEqual([]);
  feed.push(batch(5, 5, 100));
  expect(at.calls).toEqual(['pause']);
  await feed.take(0);
  expect(at.calls).toEqual(['pause']);
  await feed.take(0);
  expect(at.calls).toEqual(['pause', 'resume']);
});

test('what waits for the end of its transaction stops no flow: only fetching on brings that end', async () => {
  const at = tap();
  const feed = new Feed('t', 0, 0, at, { waitingBytesMax: 1000 });
  const open = batch(0, 20, 100);
  const context = { producerId: '7', inTransaction: true, firstOffset: '0', lastOffsetDelta: 19 };
  const marked = (offset: number): RawBatch => ({
    ...batch(offset, 0),
    rawMessages: [
      {
        ...{
          offset: String(offset),
          timestamp: '0',
          key: Buffer.from([0, 0, 0, 1]),
          value: null,
          isControlRecord: true,
        },
        batchContext: { producerId: '7', inTransaction: true, firstOffset: String(offset), lastOffsetDelta: 0 },
      },
    ],
  });
  feed.push({ ...open, rawMessages: open.rawMessages.map((raw) => ({ ...raw, batchContext: context })) });
  expect(at.calls).toEqual([]);
  expect(feed.waitingBytes).toBeGreaterThan(1000);
  expect(await feed.take(0)).toMatchObject({ records: [], next: 0 });
  feed.push(marked(20));
  expect(at.calls).toEqual(['pause']);
  expect(await feed.take(0)).toMatchObject({ next: 21, records: { length: 20 } });
  expect(at.calls).toEqual(['pause', 'resume']);
});

test('waiting ends with news, with time, with an error, and with the partition', async () => {
  const feed = new Feed('t', 0, 0, tap());
  expect(await feed.take(5)).toBe('idle');
  const news = feed.take(5000);
  feed.push(batch(0, 1));
  expect(await news).toMatchObject({ next: 1 });
  const lost = feed.take(5000);
  feed.fail(new Error('lost'));
  await expect(lost).rejects.toThrow('lost');
  const other = new Feed('t', 0, 0, tap());
  const closed = other.take(5000);
  other.close();
  expect(await closed).toBe('closed');
  expect(other.push(batch(0, 1))).toBe(true);
});

import { createRequire } from 'node:module';
import type { Kafka, Producer } from 'kafkajs';
import { expect, test } from 'vitest';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import type { Feed } from '../../../connectors/kafka/feed.js';
import { type GroupOptions, GroupReader } from '../../../connectors/kafka/group.js';
import type { KafkaRecord } from '../../../connectors/kafka/record.js';
import type { TopicPartition } from '../../../connectors/kafka/sticky.js';
import { sleep } from '../../kafka/broker.js';
import { committedOf, produce } from '../../kafka/harness.js';
import { withBroker } from '../../kafka/with-broker.js';

/** A membership with the news it got. */
async function join(addresses: readonly string[], groupId: string, topics: string[], more: Partial<GroupOptions> = {}) {
  let told: (owned: readonly TopicPartition[]) => void = () => {};
  let lost: (error: Error) => void = () => {};
  const first = new Promise<readonly TopicPartition[]>((resolve, reject) => {
    told = resolve;
    lost = reject;
  });
  const news = { owned: [] as readonly TopicPartition[][], joins: 0 };
  const reader = new GroupReader(
    kafkaClient({ brokers: addresses }),
    { groupId, topics, sessionTimeoutMs: 3000, heartbeatMs: 300, fetchWaitMs: 50, ...more },
    {
      assigned(owned) {
        news.joins++;
        news.owned = [...news.owned, [...owned]];
        told(owned);
      },
      rebalancing() {},
      heartbeat() {},
      failed: (error) => lost(error),
    },
  );
  await Promise.all([first, reader.start()]);
  return { reader, news };
}

async function takeUntil(
  feed: Feed,
  done: (records: KafkaRecord[]) => boolean,
  timeoutMs = 15_000,
): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = [];
  const until = performance.now() + timeoutMs;
  while (!done(records) && performance.now() < until) {
    const chunk = await feed.take(200);
    if (chunk === 'closed') break;
    if (chunk !== 'idle') records.push(...chunk.records);
  }
  return records;
}

const transactional = async (kafka: Kafka, transactionalId: string): Promise<Producer> => {
  const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1, retry: { initialRetryTime: 10 } });
  await producer.connect();
  return producer;
};

withBroker('a group reader', ({ addresses, kafka, topic, unique }) => {
  test('gives committed records only, where transactions overlap and keys look like markers (defects 1, 2)', async () => {
    const input = await topic('overlap');
    const client = kafka();
    const producers = await Promise.all([0, 1, 2].map((i) => transactional(client, `${input}-${i}`)));
    const expected: string[] = [];
    let n = 0;
    for (let round = 0; round < 6; round++) {
      const open = await Promise.all(producers.map((producer) => producer.transaction()));
      const written: string[][] = [[], [], []];
      for (let i = 0; i < 9; i++) {
        const value = `r${n++}`;
        const key = i % 2 === 0 ? Buffer.from([0, 0, 0, 0]) : 'k';
        await open[i % 3].send({ topic: input, messages: [{ key, value, partition: 0 }] });
        written[i % 3].push(value);
      }
      for (const [i, transaction] of open.entries()) {
        // The later of two overlapping ones is aborted first, or the earlier, or all.
        if ((round + i) % 3 === 0 || round === 3) await transaction.abort();
        else {
          await transaction.commit();
          expected.push(...written[i]);
        }
      }
      await produce(client, input, [{ key: 'plain', value: `p${round}` }]);
      expected.push(`p${round}`);
    }
    await Promise.all(producers.map((producer) => producer.disconnect()));
    const { reader } = await join(addresses(), unique('g'), [input]);
    const feed = reader.open(input, 0, 0);
    const records = await takeUntil(feed, (got) => got.some(({ value }) => String(value) === 'p5'));
    await reader.stop();
    expect(records.map(({ value }) => String(value))).toEqual(expected.sort((a, b) => order(a) - order(b)));
    expect(records.every(({ offset }, i) => i === 0 || offset > records[i - 1].offset)).toBe(true);

    /** Place in the log: plain records follow the nine of their round. */
    function order(value: string): number {
      return value[0] === 'p' ? Number(value.slice(1)) * 9 + 8.5 : Number(value.slice(1));
    }
  }, 120_000);

  test('a coordinator that is not ready yet is waited for, at the start and later; what was paused stays so', async () => {
    const input = await topic('unready');
    const value = 'x'.repeat(1000);
    await produce(
      kafka(),
      input,
      Array.from({ length: 3000 }, () => ({ value })),
      100,
    );
    const load = createRequire(import.meta.url);
    const { prototype } = load('kafkajs/src/broker') as { prototype: { joinGroup(): Promise<unknown> } };
    const { createErrorFromCode } = load('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error };
    const { joinGroup } = prototype;
    // In the protocol's numbers: it is loading, it is not known, it is somebody else.
    let answers = [14, 15, 16];
    prototype.joinGroup = function (...args) {
      const code = answers.shift();
      return code === undefined ? joinGroup.apply(this, args) : Promise.reject(createErrorFromCode(code));
    };
    try {
      const more = { waitingBytesMax: 300_000, fetchBytesMax: 100_000 };
      const group = unique('g');
      const { reader, news } = await join(addresses(), group, [input], more);
      expect(answers).toEqual([]);
      const feed = reader.open(input, 0, 0);
      for (let i = 0; i < 200 && !feed.paused; i++) await sleep(50);
      answers = [14, 14];
      // A second member makes the first one join again.
      const second = await join(addresses(), group, [input], more);
      for (let i = 0; i < 400 && !(answers.length === 0 && news.joins > 1); i++) await sleep(50);
      expect(answers).toEqual([]);
      await second.reader.stop();
      for (let i = 0; i < 400 && news.owned.at(-1)?.length !== 1; i++) await sleep(50);
      await sleep(500);
      const waiting = feed.ended ? reader.open(input, 0, 0) : feed;
      expect(waiting.waitingBytes).toBeLessThan(300_000 + 2 * 110_000);
      expect(await takeUntil(waiting, (got) => got.length === 3000)).toHaveLength(3000);
      await reader.stop();
    } finally {
      prototype.joinGroup = joinGroup;
    }
  }, 120_000);

  test('markers alone move it forward: it ends at the end of the log', async () => {
    const input = await topic('markers');
    const producer = await transactional(kafka(), `${input}-t`);
    const kept = await producer.transaction();
    await kept.send({ topic: input, messages: [{ value: 'a', partition: 0 }] });
    await kept.commit();
    const { reader } = await join(addresses(), unique('g'), [input]);
    const feed = reader.open(input, 0, 0);
    await takeUntil(feed, (got) => got.length === 1);
    const lost = await producer.transaction();
    await lost.send({ topic: input, messages: [{ value: 'b', partition: 0 }] });
    await lost.abort();
    await producer.disconnect();
    // a, marker, b, marker
    let next = 0;
    for (let i = 0; i < 50 && next < 4; i++) {
      const chunk = await feed.take(200);
      if (chunk !== 'idle' && chunk !== 'closed') next = chunk.next;
    }
    await reader.stop();
    expect(next).toBe(4);
  }, 120_000);

  test('a lost offset is an error of that partition, and the group keeps its offset (defect 9)', async () => {
    const input = await topic('cut', 2);
    const group = unique('g');
    const client = kafka();
    await produce(
      client,
      input,
      Array.from({ length: 100 }, (_, i) => ({ partition: i % 2, value: `v${i}` })),
    );
    const admin = client.admin();
    await admin.connect();
    await admin.setOffsets({ groupId: group, topic: input, partitions: [{ partition: 0, offset: '5' }] });
    await admin.deleteTopicRecords({ topic: input, partitions: [{ partition: 0, offset: '30' }] });
    await admin.disconnect();
    const { reader } = await join(addresses(), group, [input]);
    const lost = reader.open(input, 0, 5);
    const fine = reader.open(input, 1, 0);
    await expect(takeUntil(lost, () => false, 8000)).rejects.toThrow(/does not hold offset 5/);
    const records = await takeUntil(fine, (got) => got.length === 50);
    expect(records).toHaveLength(50);
    await sleep(300);
    await reader.stop();
    expect((await committedOf(client, group, input)).get(0)).toBe(5);
  }, 120_000);

  test('a partition whose reader is slow neither fills the memory nor holds up the others (defects 11, 12)', async () => {
    const input = await topic('slow', 2);
    const value = 'x'.repeat(1000);
    await produce(
      kafka(),
      input,
      Array.from({ length: 12_000 }, (_, i) => ({ partition: i % 2, value })),
      100,
    );
    const { reader } = await join(addresses(), unique('g'), [input], {
      waitingBytesMax: 300_000,
      fetchBytesMax: 100_000,
    });
    const slow = reader.open(input, 0, 0);
    const fast = reader.open(input, 1, 0);
    const began = performance.now();
    const records = await takeUntil(fast, (got) => got.length === 6000);
    expect(records).toHaveLength(6000);
    expect(slow.paused).toBe(true);
    // At most one fetch more than the limit.
    expect(slow.waitingBytes).toBeLessThan(300_000 + 2 * 110_000);
    expect(performance.now() - began).toBeLessThan(10_000);
    const rest = performance.now();
    expect(await takeUntil(slow, (got) => got.length === 6000)).toHaveLength(6000);
    // Resuming must not wait for a long poll: kafkajs' default would be five seconds each time.
    expect(performance.now() - rest).toBeLessThan(8000);
    await reader.stop();
  }, 120_000);

  test('after a rebalance kept partitions go on where they were, and lost ones are closed', async () => {
    const input = await topic('share', 4);
    const group = unique('g');
    const client = kafka();
    const first = await join(addresses(), group, [input]);
    expect(first.news.owned[0]).toHaveLength(4);
    const feeds = [0, 1, 2, 3].map((partition) => first.reader.open(input, partition, 0));
    await produce(
      client,
      input,
      Array.from({ length: 40 }, (_, i) => ({ partition: i % 4, value: `a${i}` })),
    );
    await Promise.all(feeds.map((feed) => takeUntil(feed, (got) => got.length === 10)));
    const second = await join(addresses(), group, [input]);
    // A member may join alone once more before the other is there: what counts is how it settles.
    const shares = () => [first, second].map(({ news }) => news.owned.at(-1)?.length);
    for (let i = 0; i < 400 && shares().some((share) => share !== 2); i++) await sleep(50);
    expect(shares()).toEqual([2, 2]);
    const kept = first.news.owned.at(-1) ?? [];
    for (const feed of feeds) expect(feed.ended).toBe(!kept.some(({ partition }) => partition === feed.partition));
    await produce(
      client,
      input,
      Array.from({ length: 40 }, (_, i) => ({ partition: i % 4, value: `b${i}` })),
    );
    for (const { partition } of kept) {
      const records = await takeUntil(feeds[partition], (got) => got.length === 10);
      expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 10 }, (_, i) => 10 + i));
    }
    await second.reader.stop();
    await first.reader.stop();
  }, 120_000);
});

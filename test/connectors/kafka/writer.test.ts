import { expect, test } from 'vitest';
import { KafkaAdmin } from '../../../connectors/kafka/admin.js';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { compressions } from '../../../connectors/kafka/compression-names.js';
import type { Outgoing } from '../../../connectors/kafka/record.js';
import {
  isFenced,
  isTooLarge,
  PlainWriter,
  type Position,
  TransactionalWriter,
} from '../../../connectors/kafka/writer.js';
import { readAll } from '../../kafka/harness.js';
import { withBroker } from '../../kafka/with-broker.js';

withBroker('a transactional writer', ({ addresses, kafka, topic, unique }) => {
  const client = () => kafkaClient({ brokers: addresses() });
  const row = (output: string, value: string, partition = 0): Outgoing => ({
    topic: output,
    partition,
    key: 'k',
    value,
    headers: { id: value },
  });
  const at = (groupId: string, input: string, offset: number): Position => ({
    ...{ groupId, topic: input, partition: 0, offset },
    metadata: `m${offset}`,
  });

  test('commits results, offset and its metadata together, a hundred times without a pause (defect 7)', async () => {
    const [input, output, group] = [await topic('in'), await topic('out', 2), unique('g')];
    const writer = await TransactionalWriter.open(client(), unique('id'));
    for (let i = 0; i < 100; i++) {
      await writer.commit([row(output, `a${i}`, 0), row(output, `b${i}`, 1)], at(group, input, i + 1));
    }
    await writer.close();
    const admin = new KafkaAdmin(client());
    expect(await admin.committed(group, input, 0)).toEqual({ offset: 100, metadata: 'm100' });
    expect(await admin.committed(unique('nobody'), input, 0)).toBeUndefined();
    await admin.close();
    const rows = await readAll(kafka(), output, 200);
    // Defect 10: every record is in the partition that was named for it.
    expect(rows.map(({ partition, value }) => `${partition}${value}`)).toEqual([
      ...Array.from({ length: 100 }, (_, i) => `0a${i}`),
      ...Array.from({ length: 100 }, (_, i) => `1b${i}`),
    ]);
  }, 120_000);

  test('opening ends what an earlier writer left open, before offsets are read (defects 4, 5, 6)', async () => {
    const [input, output, group, id] = [await topic('in'), await topic('out'), unique('g'), unique('id')];
    const first = await TransactionalWriter.open(client(), id);
    await first.commit([row(output, 'kept')], at(group, input, 1));
    await first.close();
    // A writer that dies between its offsets and its commit, as kafkajs' own producer.
    const producer = kafka().producer({ transactionalId: id, maxInFlightRequests: 1 });
    await producer.connect();
    const open = await producer.transaction();
    await open.send({ topic: output, messages: [{ value: 'lost', partition: 0 }] });
    await open.sendOffsets({
      consumerGroupId: group,
      topics: [{ topic: input, partitions: [{ partition: 0, offset: '2' }] }],
    });
    const next = await TransactionalWriter.open(client(), id);
    const admin = new KafkaAdmin(client());
    expect(await admin.committed(group, input, 0)).toEqual({ offset: 1, metadata: 'm1' });
    const late = await open.commit().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isFenced(late)).toBe(true);
    await producer.disconnect();
    await next.commit([row(output, 'second')], at(group, input, 2));
    await next.close();
    expect(await admin.committed(group, input, 0)).toEqual({ offset: 2, metadata: 'm2' });
    await admin.close();
    expect((await readAll(kafka(), output, 2)).map(({ value }) => value)).toEqual(['kept', 'second']);
  }, 120_000);

  test('a commit of any size is cut into requests the broker takes; one record too large says so', async () => {
    const [input, output, group] = [await topic('in'), await topic('out'), unique('g')];
    const writer = await TransactionalWriter.open(client(), unique('id'));
    const rows = Array.from({ length: 400 }, (_, i) => row(output, `${i} `.padEnd(10_000, 'x')));
    const large = { ...row(output, 'y'.repeat(900_000)), headers: {} };
    await writer.commit([...rows, large, row(output, 'last')], at(group, input, 1));
    const error = await writer
      .commit([row(output, 'z'.repeat(2_000_000))], at(group, input, 2))
      .catch((error) => error);
    expect(isTooLarge(error)).toBe(true);
    await writer.close();
    const values = (await readAll(kafka(), output, 402)).map(({ value }) => value);
    expect(values.length).toBe(402);
    expect(values.every((value, i) => i >= 400 || value === rows[i].value)).toBe(true);
    expect(values.at(-1)).toBe('last');
  }, 120_000);

  test('a fenced writer says so and writes no more (defect 3)', async () => {
    const [input, output, group, id] = [await topic('in'), await topic('out'), unique('g'), unique('id')];
    const old = await TransactionalWriter.open(client(), id);
    await old.commit([row(output, '1')], at(group, input, 1));
    const now = await TransactionalWriter.open(client(), id);
    const error = await old.commit([row(output, 'x')], at(group, input, 2)).catch((error: unknown) => error);
    expect(isFenced(error)).toBe(true);
    await expect(old.commit([row(output, 'y')], at(group, input, 2))).rejects.toThrow(/open another one/);
    await now.commit([row(output, '2')], at(group, input, 2));
    await now.close();
    await old.close();
    expect((await readAll(kafka(), output, 2)).map(({ value }) => value)).toEqual(['1', '2']);
  }, 120_000);

  test('goes on writing past the last sequence number (defect 8)', async () => {
    const [input, output, group] = [await topic('in'), await topic('out'), unique('g')];
    const writer = await TransactionalWriter.open(client(), unique('id'), { firstSequence: 2 ** 31 - 10 });
    for (let i = 0; i < 8; i++) {
      await writer.commit(
        Array.from({ length: 4 }, (_, j) => row(output, `${i}.${j}`)),
        at(group, input, i + 1),
      );
    }
    await writer.close();
    expect(await readAll(kafka(), output, 32)).toHaveLength(32);
  }, 120_000);

  test.each(compressions)(
    'packs with %s, and kafkajs and we read it',
    async (compression) => {
      const [input, output, group] = [await topic('in'), await topic('out'), unique('g')];
      const writer = await TransactionalWriter.open(client(), unique('id'), { compression });
      const rows = Array.from({ length: 300 }, (_, i) => row(output, `value ${i} `.repeat(20)));
      await writer.commit(rows, at(group, input, 1));
      await writer.close();
      const read = (await readAll(kafka(), output, rows.length)).map(({ value }) => value);
      expect(read.length).toBe(rows.length);
      expect(read.every((value, i) => value === rows[i].value)).toBe(true);
    },
    60_000,
  );

  test('without transactions: results, then the offset', async () => {
    const [input, output] = [await topic('in'), await topic('out')];
    const commits: unknown[] = [];
    const writer = await PlainWriter.open(client(), {
      commitOffsets: async (positions) => void commits.push(...positions),
    });
    await writer.commit([row(output, '1')], at('g', input, 5));
    await writer.close();
    expect(commits).toEqual([{ topic: input, partition: 0, offset: '5', metadata: 'm5' }]);
    expect(await readAll(kafka(), output, 1)).toHaveLength(1);
  }, 120_000);
});

test('what fencing looks like, inside and out', () => {
  const inner = Object.assign(new Error('x'), { type: 'INVALID_PRODUCER_EPOCH' });
  expect(isFenced(inner)).toBe(true);
  expect(isFenced(new Error('outer', { cause: inner }))).toBe(true);
  expect(isFenced(new Error('connection closed'))).toBe(false);
  expect(isFenced(undefined)).toBe(false);
});

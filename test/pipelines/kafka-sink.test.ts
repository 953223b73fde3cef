import { expect, test } from 'vitest';
import { encodeResult } from '../../connectors/encode.js';
import { OtherRows, TopicSink } from '../../pipelines/kafka-sink.js';
import { resultOf } from '../cli/results.js';
import { readAll } from '../kafka/harness.js';
import { withBroker } from '../kafka/with-broker.js';

withBroker('a topic as an output of a replay', ({ addresses, kafka, topic, unique }) => {
  let input: Promise<string> | undefined;
  const sinkInto = async (name: string, ledger: string, more: { fresh?: boolean } = {}) => {
    input ??= topic('in', 2);
    const sink = new TopicSink({
      kafka: { brokers: addresses() },
      kind: 'results',
      topic: name,
      outputs: { results: { topic: name, encode: encodeResult } },
      ledger,
      input: await input,
      app: 'engram-replay',
      partitionOf: (shard) => Number(shard.slice(-1)),
      ...more,
    });
    await sink.prepare(2);
    return sink;
  };
  const rows = (from: number, to: number, value = 1) =>
    Array.from({ length: to - from }, (_, i) => resultOf(from + i, { values: [value] }));

  test('every row once: after a crash, after a checkpoint, and when all is written again', async () => {
    const name = unique('out');
    const ledger = unique('ledger');
    const first = await sinkInto(name, ledger);
    await first.open(undefined);
    await first.write(rows(0, 30), { shard: 'in-0' });
    const mark = await first.flush('in-0');
    await first.write(rows(30, 40), { shard: 'in-0' });
    await first.write(rows(0, 5), { shard: 'in-1' });
    // Killed here: 40 rows of the first shard are in the topic, those of the second were never sent.
    const second = await sinkInto(name, ledger);
    await second.open(mark, new Map([['in-0', mark]]));
    await second.write(rows(30, 60), { shard: 'in-0' });
    await second.write(rows(0, 5), { shard: 'in-1' });
    await second.close();
    expect(second.found).toBe(10);
    // The killed one may not write any more.
    await expect(first.write(rows(5, 6), { shard: 'in-1' }).then(() => first.flush('in-1'))).rejects.toThrow(
      /another run writes the same replay/,
    );
    await first.close();
    const third = await sinkInto(name, ledger);
    await third.open(undefined);
    await third.write(rows(0, 60), { shard: 'in-0' });
    await third.close();
    expect(third.found).toBe(60);
    const written = await readAll(kafka(), name, 65);
    expect(written.map(({ partition, headers }) => [partition, headers['engram-id']])).toEqual([
      ...Array.from({ length: 60 }, (_, i) => [0, `in-0-${i}-0`]),
      ...Array.from({ length: 5 }, (_, i) => [1, `in-1-${i}-0`]),
    ]);
    const other = await sinkInto(name, ledger);
    await other.open(undefined);
    await expect(other.write(rows(0, 60, 2), { shard: 'in-0' })).rejects.toThrow(OtherRows);
    await other.close();
    const fresh = await sinkInto(name, ledger, { fresh: true });
    await fresh.open(undefined);
    await fresh.write(rows(0, 2, 2), { shard: 'in-0' });
    await fresh.close();
    expect(await readAll(kafka(), name, 67)).toHaveLength(67);
  }, 120_000);

  test('a row that is larger than the topic takes is told at once, with what to raise', async () => {
    const small = await topic('small', 2, { 'max.message.bytes': '1000' });
    const sink = await sinkInto(small, unique('ledger'));
    await sink.open(undefined);
    await sink.write([resultOf(0, { key: 'k'.repeat(2000) })], { shard: 'in-0' });
    await expect(sink.flush('in-0')).rejects.toThrow(
      `topic ${small}: a row is larger than it takes: raise its max.message.bytes`,
    );
    await sink.close();
    expect(await readAll(kafka(), small)).toEqual([]);
  }, 120_000);

  test('refused or not, what it asked the cluster with is closed again', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const narrow = await topic('narrow', 1);
    const wide = unique('wide');
    await expect.poll(sockets).toBeLessThan(2);
    const before = sockets();
    await expect(sinkInto(narrow, unique('ledger'))).rejects.toThrow(/as many partitions as the input/);
    await expect(sinkInto('no/topic', unique('ledger'))).rejects.toThrow(/can neither be found nor made/);
    // Ready, and then another output is refused: nobody opens or closes this one.
    await sinkInto(wide, unique('ledger'));
    await expect.poll(sockets, { timeout: 3000 }).toBe(before);
  }, 120_000);

  test('a checkpoint that says more than the topic knows, and a topic that is too narrow, are refused', async () => {
    const narrow = await topic('narrow', 1);
    await expect(sinkInto(narrow, unique('ledger'))).rejects.toThrow(/as many partitions as the input \(2\), it has 1/);
    const sink = await sinkInto(unique('out'), unique('ledger'));
    await sink.open(65_536 * 3, new Map([['in-0', 65_536 * 3]]));
    await expect(sink.write(rows(3, 4), { shard: 'in-0' })).rejects.toThrow(/says that 3 rows.*ledger.* 0/);
    await sink.close();
  }, 120_000);
});

import { expect, test } from 'vitest';
import { kafkaClient } from '../../../connectors/kafka/client.js';
import { KafkaTable } from '../../../connectors/kafka/table.js';
import { tableOf } from '../../../state/arrow.js';
import { type Checkpoint, frame } from '../../../state/checkpoint.js';
import { KafkaStore } from '../../../state/stores/kafka.js';
import { withBroker } from '../../kafka/with-broker.js';

const checkpoint = (shard: string, next: number, rows = 100): Checkpoint => ({
  ...{ shard, next, ended: false, pipeline: 'p', sinks: { a: 1 } },
  stages: {
    step: { rows: tableOf({ n: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i + next)) }, { m: 'x' }) },
  },
});

const same = (found: Checkpoint | undefined, expected: Checkpoint): void =>
  expect(found && Buffer.from(frame(found)).equals(frame(expected))).toBe(true);

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
  }, 120_000);

  test('a topic that forgets is refused', async () => {
    const store = new KafkaStore(new KafkaTable(kafkaClient({ brokers: addresses() }), await topic('deleting')));
    await expect(store.save(checkpoint('a', 1))).rejects.toThrow(/cleanup.policy=compact, it has delete/);
  }, 120_000);
});

import { expect, test } from 'vitest';
import { KafkaWorker } from '../../pipelines/kafka-worker.js';
import { begin, drained, produce, readAll, settings } from '../kafka/harness.js';
import { withBroker } from '../kafka/with-broker.js';

const rows = (count: number, partitions: number, keys = 10) =>
  Array.from({ length: count }, (_, i) => ({
    partition: (i % keys) % partitions,
    key: `k${i % keys}`,
    value: JSON.stringify({ value: i }),
  }));

withBroker('a worker', ({ addresses, kafka, topic, unique }) => {
  test('turns every record into one result, in order per partition', async () => {
    const input = await topic('in', 2);
    const group = unique('g');
    await produce(kafka(), input, rows(5000, 2));
    const at = begin((onEvent) => new KafkaWorker(settings(addresses(), input, group, { onEvent })));
    try {
      await drained(kafka(), group, input, 20_000);
    } catch (e) {
      console.log(JSON.stringify(at.events.slice(-30), (_, v) => (v instanceof Error ? v.stack : v), 1));
      throw e;
    } finally {
      await at.stop();
    }
    const results = await readAll(kafka(), `${input}.forecasts`);
    expect(results).toHaveLength(5000);
    console.log(JSON.stringify(at.events.map((e) => e)).slice(0, 3000));
    console.log(results[0]);
  }, 60_000);
});

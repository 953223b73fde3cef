import { expect, test } from 'vitest';
import { TransactionalWriter } from '../../connectors/kafka/writer.js';
import { produce } from './harness.js';
import { RawFetch } from './raw-fetch.js';
import { withBroker } from './with-broker.js';

withBroker('the reader that decodes nothing', ({ addresses, kafka, topic, unique }) => {
  test('is shown every committed record once, in order, and no marker', async () => {
    const name = await topic('raw', 2);
    const seen: string[][] = [[], []];
    let count = 0;
    const reader = new RawFetch({
      ...{ address: addresses()[0], topic: name, partitions: 2 },
      onBatch(records, records_, partition) {
        count += records_;
        seen[partition].push(...(records.toString('latin1').match(/n=\d+/g) ?? []));
      },
    });
    await produce(
      kafka(),
      name,
      Array.from({ length: 500 }, (_, n) => ({ partition: n % 2, value: `n=${n}` })),
      7,
    );
    const writer = await TransactionalWriter.open(kafka(), unique('raw-writer'));
    for (let n = 500; n < 520; n++) {
      const rows = [{ topic: name, partition: n % 2, key: null, value: `n=${n}` }];
      await writer.commit(rows, { groupId: unique('g'), topic: name, partition: 0, offset: 0, metadata: '' });
    }
    await expect.poll(() => count, { timeout: 30_000 }).toBe(520);
    await reader.stop();
    await writer.close();
    const expected = (odd: number): string[] => Array.from({ length: 260 }, (_, i) => `n=${2 * i + odd}`);
    expect(seen).toEqual([expected(0), expected(1)]);
  });
});

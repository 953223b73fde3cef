import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { takePrepared } from '../../../connectors/kafka/prepared.js';
import { RecordBatch } from '../../../connectors/kafka/record-batch.js';

interface Produce {
  protocol(of: { version: number }): (options: object) => { request: { encode(): Promise<{ buffer: Buffer }> } };
}
const produce = createRequire(import.meta.url)('kafkajs/src/protocol/requests/produce') as Produce;

const request = async (version: number, transactionalId: string | null, messages: object[][]): Promise<Buffer> => {
  const topicData = messages.map((of, i) => ({
    ...{ topic: `t${i}`, partitions: [{ partition: 3, firstSequence: 5, messages: of }] },
  }));
  const options = { acks: -1, timeout: 1000, transactionalId, producerId: '77', producerEpoch: 2, topicData };
  return (await produce.protocol({ version })(options).request.encode()).buffer;
};

/** What differs by design: times, leader's epoch and so the checksum. */
function blank(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf('{'); at >= 0; at = copy.indexOf('{', at + 1)) copy.fill(0, at - 50, at);
  return copy;
}

test.each([3, 7])('a request of version %i is the one kafkajs makes of the same rows', async (version) => {
  takePrepared();
  takePrepared();
  const rows = [
    { key: 'a', value: 'b', partition: 3 },
    { key: null, value: 'c', headers: { h: '1' }, partition: 3 },
  ];
  for (const id of ['an-id', null]) {
    const batches = [0, 1].map(() => {
      const batch = new RecordBatch(Date.now());
      for (const row of rows) batch.add(row);
      return [{ partition: 3, value: null, prepared: { batch, firstSequence: 5 } }];
    });
    const [ours, theirs] = [await request(version, id, batches), await request(version, id, [rows, rows])];
    expect(ours.length).toBe(theirs.length);
    // Leader's epoch, checksum and times of the two batches differ; all else is equal.
    const differing = [...ours.keys()].filter((i) => ours[i] !== theirs[i]);
    expect(differing.length).toBeLessThan(2 * (4 + 4 + 16));
    expect(blank(ours).length).toBe(blank(theirs).length);
  }
});

test('requests without prepared messages are encoded as before', async () => {
  takePrepared();
  const bytes = await request(7, null, [[{ key: 'a', value: 'plain', partition: 3 }]]);
  expect(bytes.includes('plain')).toBe(true);
});

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

/** Without what differs by design in each batch: the leader's epoch, the checksum, and the times. */
function comparable(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  // A batch is found by its magic byte, the 17th, and what follows its checksum: attributes and the last offset.
  for (let at = 0; at < copy.length - 61; at++) {
    if (copy[at + 16] !== 2 || copy.readInt32BE(at + 23) !== 1 || copy.readInt32BE(at + 57) !== 2) continue;
    copy
      .fill(0, at + 12, at + 16)
      .fill(0, at + 17, at + 21)
      .fill(0, at + 27, at + 43);
  }
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
    expect(ours.equals(theirs)).toBe(false);
    expect(comparable(ours).equals(comparable(theirs))).toBe(true);
  }
});

test('requests without prepared messages are encoded as before', async () => {
  takePrepared();
  const bytes = await request(7, null, [[{ key: 'a', value: 'plain', partition: 3 }]]);
  expect(bytes.includes('plain')).toBe(true);
});

import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { type RawBatch, watch } from '../../../connectors/kafka/internals.js';

const load = createRequire(import.meta.url);
interface Group {
  groupId: string;
  memberId: string;
  preferredReadReplicasPerTopicPartition: object;
  fetch(node: number): Promise<RawBatch[]>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
}
const { prototype } = load('kafkajs/src/consumer/consumerGroup') as { prototype: Group };

test('this is the version of kafkajs it was written for', () => {
  expect((load('kafkajs/package.json') as { version: string }).version).toBe('2.2.4');
  const batch = load('kafkajs/src/consumer/batch') as { prototype: object };
  for (const name of ['isEmpty', 'isEmptyDueToFiltering']) expect(batch.prototype).toHaveProperty(name);
});

test('an offset out of range is told to the member it concerns; members of others are left alone', async () => {
  const told: string[] = [];
  const group = (groupId: string, memberId: string, replicas = {}): Group =>
    Object.assign(Object.create(prototype) as Group, {
      groupId,
      memberId,
      preferredReadReplicasPerTopicPartition: replicas,
    });
  const unwatch = [1, 2].map((i) =>
    watch('ours', {
      memberId: () => `m${i}`,
      outOfRange: (topic, partition) => void told.push(`m${i} ${topic}/${partition}`),
    }),
  );
  await group('ours', 'm2').recoverFromOffsetOutOfRange({ topic: 't', partition: 3 });
  expect(told).toEqual(['m2 t/3']);
  // kafkajs' own way, which needs what this bare object does not have: the proof that it was taken.
  await expect(group('theirs', 'm2').recoverFromOffsetOutOfRange({ topic: 't', partition: 3 })).rejects.toThrow();
  for (const stop of unwatch) stop();
  await expect(group('ours', 'm2').recoverFromOffsetOutOfRange({ topic: 't', partition: 3 })).rejects.toThrow();
  expect(told).toHaveLength(1);
});

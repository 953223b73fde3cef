import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { type RawBatch, rememberCoordinators, tellRefusals, watch } from '../../../connectors/kafka/internals.js';

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
      coordinator() {},
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

test('who coordinates the group is told at every fetch, so that its connection can be closed', async () => {
  const told: unknown[] = [];
  const link = { disconnect: async () => {} };
  const unwatch = watch('ours', {
    ...{ memberId: () => 'm1', outOfRange() {} },
    coordinator: (one) => void told.push(one),
  });
  const group = Object.assign(Object.create(prototype) as Group, {
    groupId: 'ours',
    memberId: 'm1',
    coordinator: link,
  });
  // It goes no further: this bare object has no cluster.
  await expect(group.fetch(1)).rejects.toThrow();
  unwatch();
  await expect(group.fetch(1)).rejects.toThrow();
  expect(told).toEqual([link]);
});

test('writers of ours ask once who coordinates, an error is not kept, and others ask every time (defect 7)', async () => {
  const asked: string[] = [];
  let broken = false;
  const { prototype: clusters } = load('kafkajs/src/cluster') as {
    prototype: { findGroupCoordinatorMetadata(of: { groupId: string; coordinatorType?: number }): Promise<unknown> };
  };
  const cluster = () =>
    Object.assign(Object.create(clusters) as typeof clusters, {
      brokerPool: {
        async withBroker() {
          asked.push('asked');
          if (broken) throw new Error('away');
          return { coordinator: { nodeId: 1 } };
        },
      },
    });
  rememberCoordinators('id-of-ours');
  rememberCoordinators('id-of-ours');
  const [ours, theirs] = [cluster(), cluster()];
  for (let i = 0; i < 3; i++) {
    await ours.findGroupCoordinatorMetadata({ groupId: 'id-of-ours', coordinatorType: 1 });
    await ours.findGroupCoordinatorMetadata({ groupId: 'a-group', coordinatorType: 0 });
  }
  expect(asked).toHaveLength(2);
  for (let i = 0; i < 3; i++) await theirs.findGroupCoordinatorMetadata({ groupId: 'a-group', coordinatorType: 0 });
  expect(asked).toHaveLength(5);
  broken = true;
  const other = { groupId: 'another', coordinatorType: 0 };
  await expect(ours.findGroupCoordinatorMetadata(other)).rejects.toThrow('away');
  broken = false;
  expect(await ours.findGroupCoordinatorMetadata(other)).toEqual({ coordinator: { nodeId: 1 } });
});

test('of a transaction that may not be what was refused is told, not what was not attempted because of it', async () => {
  tellRefusals();
  const partition = (errorCode: number) => ({ partition: 0, errorCode });
  const answer = (...codes: number[]) => ({
    throttleTime: 0,
    errors: codes.map((code, i) => ({ topic: `t${i}`, partitionErrors: [partition(code)] })),
  });
  for (const version of ['v0', 'v1']) {
    const { parse } = load(`kafkajs/src/protocol/requests/addPartitionsToTxn/${version}/response`) as {
      parse(data: unknown): Promise<unknown>;
    };
    await expect(parse(answer(55, 29, 55))).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
    await expect(parse(answer(55))).rejects.toMatchObject({ type: 'OPERATION_NOT_ATTEMPTED' });
    expect(await parse(answer(0, 0))).toEqual(answer(0, 0));
  }
});

test('who may not ask for a coordinator is told so', async () => {
  tellRefusals();
  const refused = Object.assign(new Error('Not authorized'), { type: 'GROUP_AUTHORIZATION_FAILED' });
  const { prototype: broker } = load('kafkajs/src/broker') as { prototype: object };
  const { prototype: cluster } = load('kafkajs/src/cluster') as { prototype: object };
  const link = Object.assign(Object.create(broker) as { findGroupCoordinator(of: object): Promise<unknown> }, {
    lookupRequest: () => () => {
      throw refused;
    },
  });
  const at = Object.assign(Object.create(cluster) as { findGroupCoordinatorMetadata(of: object): Promise<unknown> }, {
    // As kafkajs does: what a broker says is not passed on.
    brokerPool: {
      withBroker: (ask: (of: object) => Promise<unknown>) => ask({ nodeId: 1, broker: link }).catch(() => null),
    },
    retrier: (question: (bail: (error: Error) => void) => Promise<unknown>) =>
      question((error) => {
        throw error;
      }),
    logger: { debug() {} },
  });
  await expect(at.findGroupCoordinatorMetadata({ groupId: 'g', coordinatorType: 0 })).rejects.toBe(refused);
});

import { expect, test } from 'vitest';
import { LagWatch } from '../../pipelines/kafka-lag.js';

test('it grows while nothing is committed, and hangs on no task', async () => {
  const at = { high: 100, owned: new Map<number, number | undefined>([[3, 40]]), group: 7 };
  const told: object[] = [];
  const watch = new LagWatch(
    {
      ends: async () => new Map([[3, { low: 10, high: at.high }]]),
      committed: async () => (at.group < 0 ? undefined : { offset: at.group, metadata: '' }),
      close: async () => {},
      hurry() {},
    },
    { input: 'in', groupId: 'g' },
    { committed: () => at.owned, onLag: (partition, behind) => void told.push({ partition, ...behind }) },
  );
  await watch.measure();
  at.high = 500;
  await watch.measure();
  // The task is gone, is built anew, and fails again: what it knew still holds.
  at.owned = new Map([[3, undefined]]);
  at.high = 900;
  await watch.measure();
  expect(told).toEqual([
    { partition: 3, lag: 60, next: 40, begin: 10 },
    { partition: 3, lag: 460, next: 40, begin: 10 },
    { partition: 3, lag: 860, next: 40, begin: 10 },
  ]);
  // Meanwhile it was another process's: the group is asked.
  at.owned = new Map();
  await watch.measure();
  at.owned = new Map([[3, undefined]]);
  at.group = 890;
  await watch.measure();
  at.group = -1;
  await watch.measure();
  expect(told.slice(3)).toEqual([
    { partition: 3, lag: 10, next: 890, begin: 10 },
    { partition: 3, lag: 890, next: 0, begin: 10 },
  ]);
  await watch.stop();
});

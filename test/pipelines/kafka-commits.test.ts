import { expect, test } from 'vitest';
import type { Outgoing } from '../../connectors/kafka/record.js';
import type { Position } from '../../connectors/kafka/writer.js';
import type { PartitionAlerts } from '../../pipelines/kafka-alert-queue.js';
import { Commits } from '../../pipelines/kafka-commits.js';
import type { TaskEvent } from '../../pipelines/kafka-world.js';

const row = (value: string): Outgoing => ({ topic: 'out', partition: 0, key: null, value });
const of = (records: number) => ({ records, results: records, rejects: [], ms: 2 });

function world(alerts?: PartitionAlerts) {
  const told: TaskEvent[] = [];
  const asked: (Position & { rows: string[] })[] = [];
  const ends: (Error | undefined)[] = [];
  const at = {
    ...{ now: 1000, group: -1 as number, told, asked, ends },
    /** Lets the commit on its way end. */
    finish: (_error?: Error): void => {},
  };
  const writer = {
    commit: (rows: readonly Outgoing[], position: Position) =>
      new Promise<void>((resolve, reject) => {
        asked.push({ ...position, rows: rows.map(({ value }) => String(value)) });
        at.finish = (error) => (error ? reject(error) : resolve());
      }),
    async close() {},
  };
  const commits = new Commits(
    {
      ...{ groupId: 'g', topic: 'in', partition: 3, commitMs: 100, alerts },
      feed: () => ({ highWatermark: 50, waitingBytes: 9 }),
    },
    {
      committed: async () => (at.group < 0 ? undefined : { offset: at.group, metadata: '' }),
      onEvent: (event) => void told.push(event),
      nowMs: () => at.now,
    },
    writer,
    -1,
    (error) => void ends.push(error),
  );
  return { at, commits };
}

test('due so long after its first record; markers alone wait five seconds; nothing waits for ever', () => {
  const { at, commits } = world();
  expect(commits.dueMs()).toBe(Number.POSITIVE_INFINITY);
  commits.add([], of(0));
  expect(commits.dueMs()).toBe(5000);
  at.now += 4990;
  commits.add([row('a')], of(1));
  expect(commits.dueMs()).toBe(100);
  at.now += 60;
  commits.add([row('b')], of(1));
  expect(commits.dueMs()).toBe(40);
  commits.hurry();
  expect(commits.dueMs()).toBe(0);
});

test('folding goes on while a commit is on its way, and the next one takes what came meanwhile', async () => {
  const { at, commits } = world();
  commits.add([row('a')], of(1));
  await commits.begin(() => ({ next: 10, metadata: 'm10' }));
  commits.add([row('b')], of(2));
  expect([commits.waiting, commits.committed, commits.dueMs()]).toEqual([2, -1, Number.POSITIVE_INFINITY]);
  let next = 20;
  const second = commits.begin(() => ({ next, metadata: 'm' }));
  // The mark is taken when the second one begins, not when it was asked for.
  next = 21;
  at.now += 7;
  at.finish();
  await second;
  at.finish();
  await commits.ended();
  expect(at.asked.map(({ offset, rows }) => [offset, rows])).toEqual([
    [10, ['a']],
    [21, ['b']],
  ]);
  expect([commits.committed, commits.count, at.ends]).toEqual([21, 2, [undefined, undefined]]);
  const common = { type: 'committed', rejects: 0, reasons: {}, foldMs: 2, waitingBytes: 9 };
  expect(at.told).toEqual([
    { ...common, next: 10, records: 1, results: 1, ms: 7, lag: 40 },
    { ...common, next: 21, records: 2, results: 2, ms: 0, lag: 29 },
  ]);
});

test('after a failed one nothing more is written', async () => {
  const { at, commits } = world();
  commits.add([row('a')], of(1));
  await commits.begin(() => ({ next: 10, metadata: '' }));
  at.finish(new Error('cut'));
  await commits.ended();
  expect(() => commits.check()).toThrow('cut');
  await expect(commits.begin(() => ({ next: 11, metadata: '' }))).rejects.toThrow('cut');
  expect([at.asked.length, commits.committed, at.ends[0]?.message]).toEqual([1, -1, 'cut']);
});

test('under suspicion it looks where the group stands before it writes', async () => {
  const { at, commits } = world();
  commits.suspect();
  await commits.begin(() => ({ next: 10, metadata: '' }));
  await new Promise(setImmediate);
  at.finish();
  await commits.ended();
  commits.suspect();
  at.group = 99;
  await commits.begin(() => ({ next: 20, metadata: '' }));
  await commits.ended();
  expect(() => commits.check()).toThrow(
    'in-3: the group stands at 99, this task at 10: another process had the partition',
  );
  expect(at.asked).toHaveLength(1);
});

test('full by records, by rows made of them, or by their bytes', () => {
  const { commits } = world();
  commits.add([row('a'), row('b'), row('c')], of(1));
  expect([commits.waiting, commits.full(3), commits.full(4)]).toEqual([3, true, false]);
  commits.add([], of(5));
  expect([commits.waiting, commits.full(6)]).toEqual([6, true]);
  expect(commits.full(100)).toBe(false);
  commits.add([{ ...row(''), value: Buffer.alloc(17 * 2 ** 20) }], of(1));
  expect(commits.full(100)).toBe(true);
});

test('dead letters of alerts are counted with the commit that has them, notes of queues are not', async () => {
  const headers = { 'x-error-stage': 'alerts.ops', 'x-error-class': 'alert-refused' };
  const letters = [row('note'), { ...row('letter'), headers }, { ...row('another'), headers }];
  const { at, commits } = world({
    write: async () => {},
    advance: async () => {},
    take: () => letters.splice(0),
    committed: () => {},
    close: async () => {},
  });
  for (const next of [1, 2]) {
    commits.add([], of(1));
    await commits.begin(() => ({ next, metadata: 'm' }));
    await Promise.resolve();
    at.finish();
    await commits.ended();
  }
  const reasons = at.told.map((event) => (event.type === 'committed' ? event.reasons : undefined));
  expect(reasons).toEqual([{ 'alerts.ops/alert-refused': 2 }, {}]);
});

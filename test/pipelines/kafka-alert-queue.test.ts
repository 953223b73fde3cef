import { expect, test } from 'vitest';
import type { AlertSink, Delivery } from '../../connectors/alerts/sink.js';
import type { Outgoing } from '../../connectors/kafka/record.js';
import { openAlerts } from '../../pipelines/alert-open.js';
import { TopicNotes } from '../../pipelines/kafka-alert-notes.js';
import { PartitionQueue } from '../../pipelines/kafka-alert-queue.js';
import { alertOf } from '../connectors/alerts/server.js';

const routes = [{ waitMs: 0, intervalMs: 0, repeatMs: 0 }];
const soon = (ms = 60): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The queue of a partition whose commits the test makes, on what earlier commits have left in the topic. */
function queueOn(topic: Map<string, Buffer>, leaseMs = 1000) {
  const sent: Delivery[] = [];
  let now = 0;
  let hurried = 0;
  const sink: AlertSink = {
    manner: 'grouped',
    async send(delivery) {
      sent.push(delivery);
    },
    close: () => Promise.resolve(),
  };
  const host = {
    ...{ shard: 'in-0', topic: 'in', partition: 0, partitions: 1, fail() {}, nowMs: () => now },
    hurry: () => void hurried++,
  };
  const queue = new PartitionQueue(
    {
      ...{ leaseMs, graceMs: 50 },
      open: (at) =>
        openAlerts({ rules: [], routes } as never, {
          sinks: { ops: sink },
          journalOf: (name) =>
            new TopicNotes({
              ...{ topic: 'q', partition: 0, prefix: `${name}\n`, found: new Map(topic) },
              put: (rows) => at.put(rows),
              ready: () => at.ready(),
            }),
        }),
    },
    host,
  );
  const apply = (rows: readonly Outgoing[]): void => {
    for (const { key, value } of rows) topic.set(String(key), value as Buffer);
  };
  return {
    queue,
    sent,
    /** What the broker has after a transaction. */
    commit() {
      apply(queue.take());
      queue.committed(now);
    },
    pass: (ms: number) => {
      now += ms;
    },
    get hurried() {
      return hurried;
    },
  };
}

test('nothing is told before its note is committed; then it is, and the note of that hurries the next commit', async () => {
  const topic = new Map<string, Buffer>();
  const one = queueOn(topic);
  await one.queue.write([alertOf()]);
  await soon();
  expect(one.sent).toHaveLength(0);
  one.commit();
  await expect.poll(() => one.sent.length).toBe(1);
  await soon();
  expect(one.hurried).toBeGreaterThan(0);
  one.commit();
  await one.queue.close();
  // Whoever has the partition next knows that it was told.
  const two = queueOn(topic);
  two.commit();
  await soon();
  expect(two.sent).toHaveLength(0);
  await two.queue.close();
});

test('a commit that fails tells nothing, and what it held comes again under the same id', async () => {
  const topic = new Map<string, Buffer>();
  const one = queueOn(topic);
  await one.queue.write([alertOf()]);
  one.queue.take();
  await one.queue.close();
  expect(one.sent).toHaveLength(0);
  const two = queueOn(topic);
  await two.queue.write([alertOf()]);
  two.commit();
  await expect.poll(() => two.sent.length).toBe(1);
  // Told, but its note is lost with the process: told again, as the same delivery.
  await two.queue.close();
  const three = queueOn(topic);
  three.commit();
  await expect.poll(() => three.sent.length).toBe(1);
  expect(three.sent[0].id).toBe(two.sent[0].id);
  await three.queue.close();
});

test('who was away longer than the lease must commit before it tells anything', async () => {
  const topic = new Map<string, Buffer>();
  const one = queueOn(topic, 500);
  await one.queue.write([alertOf()]);
  one.queue.take();
  // The transaction succeeds, but the process has been stopped meanwhile.
  one.queue.committed(0);
  one.pass(10_000);
  await soon(300);
  const told = one.sent.length;
  await one.queue.write([alertOf({ id: 'a2' })]);
  one.queue.take();
  await soon();
  expect(one.sent).toHaveLength(told);
  one.queue.committed(10_000);
  const told2 = (): boolean => {
    one.commit();
    return one.sent.flatMap(({ alerts }) => alerts).some(({ id }) => id === 'a2');
  };
  await expect.poll(told2).toBe(true);
  await one.queue.close();
});

test('a partition that is given up tells nothing more', async () => {
  const one = queueOn(new Map());
  await one.queue.write([alertOf()]);
  const closing = one.queue.close();
  one.commit();
  await closing;
  await soon();
  expect(one.sent).toHaveLength(0);
});

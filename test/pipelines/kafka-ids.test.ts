import { expect, test } from 'vitest';
import { formerId, formerQueueTopic, queueTopic, transactionalId } from '../../pipelines/kafka-ids.js';

test('no two partitions of any groups and topics share an id', () => {
  const groups = ['a', 'a-b', 'a/b', 'a/b-c', 'a/b/0', '', '/', 'a/b/c', 'a-b-c'];
  const topics = ['c', 'b', 'b-c', '0', 'c-0', 'b.c', '1'];
  const ids = groups.flatMap((group) =>
    topics.flatMap((topic) => [0, 1, 10].map((partition) => transactionalId(group, topic, partition))),
  );
  expect(new Set(ids).size).toBe(ids.length);
  // What it was like before.
  expect(formerId('a-b', 'c', 0)).toBe(formerId('a', 'b-c', 0));
});

test('every group has a queue of its own, under a name that a topic can have', () => {
  const groups = ['a', 'a.b', 'a b', 'a/b', 'ä', 'x'.repeat(255), `${'x'.repeat(254)}y`, ''];
  const names = groups.map((group) => queueTopic('in.alerts', group));
  expect(names[1]).toBe('in.alerts.queue.a.b');
  expect(new Set([...names, formerQueueTopic('in.alerts')]).size).toBe(groups.length + 1);
  for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9._-]{1,249}$/);
});

import { expect, test } from 'vitest';
import { formerId, transactionalId } from '../../pipelines/kafka-ids.js';

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

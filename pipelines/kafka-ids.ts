import { createHash } from 'node:crypto';

/** What a partition's writer goes by: groups may have any name, topics no slash, so no two of them can be the same. */
export const transactionalId = (groupId: string, topic: string, partition: number): string =>
  `${groupId}/${topic}/${partition}`;

/** What earlier releases called it, where group `a-b` on topic `c` and group `a` on topic `b-c` were one. */
export const formerId = (groupId: string, topic: string, partition: number): string =>
  `${groupId}-${topic}-${partition}`;

/** The longest name a topic may have. */
const topicChars = 249;

/**
 * The topic of a group's queues of alerts: readers see a partition only up to the oldest transaction that is open there, so
 * no two groups may share one. Groups may have names that no topic can have: these are shortened, and told apart by a hash.
 */
export function queueTopic(alerts: string, groupId: string): string {
  const plain = `${alerts}.queue.${groupId}`;
  if (/^[\w.-]+$/.test(plain) && plain.length <= topicChars) return plain;
  const hash = createHash('sha256').update(groupId).digest('hex').slice(0, 12);
  return `${plain.replaceAll(/[^\w.-]/g, '_').slice(0, topicChars - 13)}-${hash}`;
}

/** Where earlier releases had the queues of all groups. */
export const formerQueueTopic = (alerts: string): string => `${alerts}.queue`;

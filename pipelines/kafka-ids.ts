/** What a partition's writer goes by: groups may have any name, topics no slash, so no two of them can be the same. */
export const transactionalId = (groupId: string, topic: string, partition: number): string =>
  `${groupId}/${topic}/${partition}`;

/** What earlier releases called it, where group `a-b` on topic `c` and group `a` on topic `b-c` were one. */
export const formerId = (groupId: string, topic: string, partition: number): string =>
  `${groupId}-${topic}-${partition}`;

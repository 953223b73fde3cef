/** The cluster refuses something because the user may not do it; the message says which right is missing, and on what. */
export class MissingRight extends Error {
  override readonly name = 'MissingRight';
}

/** What a request needs, by what the cluster may refuse: `Read on group g`. */
export interface Rights {
  readonly topic?: string;
  readonly group?: string;
  readonly transactionalId?: string;
  readonly cluster?: string;
}

const refusals: Readonly<Record<string, keyof Rights>> = {
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  GROUP_AUTHORIZATION_FAILED: 'group',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'transactionalId',
  CLUSTER_AUTHORIZATION_FAILED: 'cluster',
};

/** The error as one that names the missing right, if that is what it is: the cluster's own words name neither it nor on what. */
export function namingRight(error: unknown, rights: Rights): unknown {
  const refused = refusalIn(error);
  const right = refused && rights[refused];
  if (right === undefined || error instanceof MissingRight) return error;
  return new MissingRight(`the cluster refuses ${right}: the user needs that right (docs/OPERATIONS.md, Rights)`, {
    cause: error,
  });
}

/** What work comes to, its error naming what the user lacks. */
export async function withRights<T>(rights: Rights, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw namingRight(error, rights);
  }
}

/** Reading and writing of a table, their errors naming what the user lacks. */
export function tableWithRights<T, R>(table: {
  readonly topic: string;
  read(shard: string): Promise<T>;
  write(shard: string, records: R): Promise<void>;
}): { read(shard: string): Promise<T>; write(shard: string, records: R): Promise<void> } {
  const { topic } = table;
  return {
    read: (shard) => withRights({ topic: `Read on topic ${topic}` }, table.read(shard)),
    write: (shard, records) => withRights({ topic: `Write on topic ${topic}` }, table.write(shard, records)),
  };
}

/** What was refused; the cluster's answer may lie inside of what kafkajs made of it. */
function refusalIn(error: unknown): keyof Rights | undefined {
  if (!(error instanceof Error)) return undefined;
  const { type = '', cause, errors = [] } = error as { type?: string; cause?: unknown; errors?: readonly unknown[] };
  for (const inner of [cause, ...errors]) {
    const found = refusals[type] ?? refusalIn(inner);
    if (found) return found;
  }
  return refusals[type];
}

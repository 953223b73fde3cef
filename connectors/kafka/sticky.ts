import kafkajs, { type PartitionAssigner } from 'kafkajs';

const { AssignerProtocol } = kafkajs;

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What a member of a group says it works on, and since when: on a conflict the later one is right. */
export interface Claim {
  readonly member: string;
  readonly owned: readonly TopicPartition[];
  readonly sinceMs: number;
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/**
 * Shares partitions out evenly (counts differ by at most one) and moves as few as that allows: a memory that stays where
 * it is need not be loaded anywhere.
 */
export function shareOut(
  claims: readonly Claim[],
  partitions: readonly TopicPartition[],
): Map<string, TopicPartition[]> {
  const shares = new Map<string, TopicPartition[]>(claims.map(({ member }) => [member, []]));
  if (claims.length === 0) return shares;
  const free = new Map(partitions.map((one) => [nameOf(one), one]));
  const least = Math.floor(partitions.length / claims.length);
  let spare = partitions.length % claims.length;
  // Who joined last is right about what it owns; then who owns most may keep one more than the others.
  const valid = new Map<string, TopicPartition[]>();
  for (const { member, owned } of [...claims].sort((a, b) => b.sinceMs - a.sinceMs || order(a.member, b.member))) {
    // A map gives each partition out once, however often it is claimed.
    valid.set(
      member,
      owned.filter((one) => free.delete(nameOf(one))),
    );
  }
  for (const [member, owned] of [...valid].sort(([a, x], [b, y]) => y.length - x.length || order(a, b))) {
    const share = shares.get(member) ?? [];
    const quota = owned.length > least && spare > 0 ? least + 1 : least;
    if (quota > least) spare--;
    share.push(...owned.slice(0, quota));
    for (const one of owned.slice(quota)) free.set(nameOf(one), one);
  }
  const left = [...free.values()].sort((a, b) => order(a.topic, b.topic) || a.partition - b.partition);
  for (const one of left) {
    const [, share] = [...shares].reduce((best, next) => (next[1].length < best[1].length ? next : best));
    share.push(one);
  }
  return shares;
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The same as an assigner of kafkajs; `mine` is asked at every join. */
export function stickyAssigner(mine: () => Omit<Claim, 'member'>): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'engram-sticky',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'engram-sticky',
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: 1,
        topics,
        userData: Buffer.from(JSON.stringify(mine())),
      }),
    }),
    async assign({ members, topics }) {
      const claims = members.map(({ memberId, memberMetadata }) => claimOf(memberId, memberMetadata));
      const partitions = topics.flatMap((topic) =>
        cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ topic, partition: partitionId })),
      );
      return [...shareOut(claims, partitions)].map(([memberId, share]) => {
        const assignment: Record<string, number[]> = {};
        for (const { topic, partition } of share) {
          assignment[topic] = [...(assignment[topic] ?? []), partition];
        }
        const empty = Buffer.alloc(0);
        return {
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 1, assignment, userData: empty }),
        };
      });
    },
  });
}

/** A member of another release may say something else, or nothing: then it claims nothing. */
function claimOf(member: string, metadata: Buffer): Claim {
  try {
    const { userData } = AssignerProtocol.MemberMetadata.decode(metadata) ?? { userData: Buffer.alloc(0) };
    const { owned, sinceMs } = JSON.parse(userData.toString()) as Omit<Claim, 'member'>;
    return { member, owned: Array.isArray(owned) ? owned : [], sinceMs: Number(sinceMs) || 0 };
  } catch {
    return { member, owned: [], sinceMs: 0 };
  }
}

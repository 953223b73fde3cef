import type { Admin, Kafka } from 'kafkajs';
import { offsetOf } from './record.js';
import { namingRight, type Rights, withRights } from './rights.js';

/** What has settings of its own, in the protocol's numbers. */
const kinds = { topic: 2, broker: 4 } as const;

/** A setting of a topic or a broker, as the cluster answers it. */
async function settingOf(admin: Admin, type: number, owner: string, name: string): Promise<string | undefined> {
  const asked = [{ type, name: owner, configNames: [name] }];
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: asked });
  return resources[0]?.configEntries.find((entry) => entry.configName === name)?.configValue;
}

/** First and next offset of a partition. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** What a group has committed for a partition; `offset` is negative where kafkajs or a tool wrote a reset. */
export interface Committed {
  readonly offset: number;
  readonly metadata: string;
}

export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** A cluster that cannot be reached now, or says that it will know soon. */
export function isPassing(error: unknown): boolean {
  const { retriable, name, cause } = error as { retriable?: boolean; name?: string; cause?: unknown };
  return retriable === true || name === 'KafkaJSConnectionError' || (cause instanceof Error && isPassing(cause));
}

/** Where every broker that kafkajs knows fails it, it takes the answer to be null and reads a field of it. */
const isUnanswered = (error: unknown): boolean =>
  error instanceof TypeError && /properties of null \(reading/.test(error.message);

const seen = (topic: string): Rights => ({ topic: `Describe on topic ${topic}` });

/** The questions a worker asks of a cluster; one connection, opened when first needed. */
export class KafkaAdmin {
  #admin: Promise<Admin> | undefined;
  #hurried = false;

  constructor(
    readonly kafka: Kafka,
    readonly patienceMs = 30_000,
    /** Within one question kafkajs tries again so often, and cannot be told to leave it: few where somebody may want to stop. */
    readonly retries = 10,
  ) {}

  /** From now on a question that cannot be answered is not asked again. */
  hurry(): void {
    this.#hurried = true;
  }

  /** Asks again, over a new connection, while the cluster says that it will know soon; kafkajs does not. */
  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const until = Date.now() + this.patienceMs;
    for (let waitMs = 30; ; waitMs = Math.min(waitMs * 2, 500)) {
      try {
        this.#admin ??= this.#connect();
        return await question(await this.#admin);
      } catch (error) {
        await this.close();
        if (!(isPassing(error) || isUnanswered(error)) || this.#hurried || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  async #connect(): Promise<Admin> {
    const { retries } = this;
    const admin = this.kafka.admin({ retry: { retries, initialRetryTime: 30, maxRetryTime: 1000 } });
    await admin.connect();
    return admin;
  }

  /** Names of all topics. */
  topics(): Promise<string[]> {
    return this.#ask((admin) => admin.listTopics());
  }

  /** How many partitions each topic has; unknown topics are missing from the answer. */
  async partitions(topics: readonly string[]): Promise<Map<string, number>> {
    const known = new Set(await this.topics());
    const wanted = topics.filter((topic) => known.has(topic));
    if (wanted.length === 0) return new Map();
    const { topics: found } = await this.#ask((admin) => admin.fetchTopicMetadata({ topics: wanted }));
    return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
  }

  /** A topic's own setting, as the cluster answers it. */
  async setting(topic: string, name: string): Promise<string | undefined> {
    return withRights(
      { topic: `DescribeConfigs on topic ${topic}` },
      this.#ask((admin) => settingOf(admin, kinds.topic, topic, name)),
    );
  }

  /** A broker's own setting, where the user may see it. */
  async brokerSetting(name: string): Promise<string | undefined> {
    return this.#ask(async (admin) => {
      const { brokers } = await admin.describeCluster();
      return settingOf(admin, kinds.broker, String(brokers[0].nodeId), name);
    });
  }

  /** Makes the topics that are not there; one made by somebody else meanwhile is fine. */
  async ensure(plans: readonly TopicPlan[]): Promise<void> {
    const known = await this.partitions(plans.map(({ topic }) => topic));
    const missing = plans.filter(({ topic }) => !known.has(topic));
    if (missing.length === 0) return;
    const topics = missing.map(({ topic, partitions, config = {} }) => ({
      topic,
      numPartitions: partitions,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
    }));
    await this.#ask((admin) => admin.createTopics({ waitForLeaders: true, topics })).catch(async (error: Error) => {
      const now = await this.partitions(missing.map(({ topic }) => topic));
      if (missing.every(({ topic }) => now.has(topic))) return;
      const { errors = [] } = error as { errors?: readonly { readonly topic?: string }[] };
      const names =
        errors.flatMap(({ topic }) => topic ?? []).join(', ') || missing.map(({ topic }) => topic).join(', ');
      throw namingRight(error, { topic: `Create (or Describe, if it is there) on topic ${names}` });
    });
  }

  async bounds(topic: string, partition: number): Promise<Bounds> {
    const found = (await this.ends(topic)).get(partition);
    if (!found) throw new RangeError(`topic ${topic} has no partition ${partition}`);
    return found;
  }

  /** First and next offset of every partition, in order; records of transactions that are still open lie behind the end. */
  async ends(topic: string): Promise<Map<number, Bounds>> {
    const all = await withRights(
      seen(topic),
      this.#ask((admin) => admin.fetchTopicOffsets(topic)),
    );
    const sorted = [...all].sort((a, b) => a.partition - b.partition);
    return new Map(sorted.map(({ partition, low, high }) => [partition, { low: offsetOf(low), high: offsetOf(high) }]));
  }

  /** Deletes what a group has committed; one that never has is fine. */
  async forget(groupId: string): Promise<void> {
    await this.#ask((admin) => admin.deleteGroups([groupId])).catch((error: Error) => {
      const groups = (error as { groups?: { error?: { type?: string } }[] }).groups ?? [];
      if (groups.some((one) => one.error?.type !== 'GROUP_ID_NOT_FOUND') || groups.length === 0) throw error;
    });
  }

  /** The first offset of each partition whose record is not older than the time; the end where there is none. */
  async offsetsAt(topic: string, timeMs: number): Promise<Map<number, number>> {
    const asked = this.#ask((admin) => admin.fetchTopicOffsetsByTimestamp(topic, timeMs));
    const found = await withRights(seen(topic), asked);
    return new Map(found.map(({ partition, offset }) => [partition, offsetOf(offset)]));
  }

  /** What a group has committed; undefined where it never has. */
  async committed(groupId: string, topic: string, partition: number): Promise<Committed | undefined> {
    const [answer] = await withRights(
      { ...seen(topic), group: `Read on group ${groupId}` },
      this.#ask((admin) => admin.fetchOffsets({ groupId, topics: [topic] })),
    );
    const found = answer?.partitions.find((one) => one.partition === partition);
    // -1 without metadata is "never"; -2 is what kafkajs leaves behind when it resets a position.
    if (!found || (found.offset === '-1' && !found.metadata)) return undefined;
    return { offset: offsetOf(found.offset), metadata: found.metadata ?? '' };
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.then((one) => one.disconnect()).catch(() => {});
  }
}

import type { KafkaOptions } from '../connectors/kafka/client.js';
import type { Compression } from '../connectors/kafka/compression.js';
import type { Mapping, PayloadCodec } from '../connectors/kafka/decode.js';
import type { FeedOptions } from '../connectors/kafka/feed.js';
import type { Event } from '../event.js';
import type { KafkaOutputs } from './kafka-output.js';
import type { TaskEvent, TaskOptions } from './kafka-world.js';

/** `effectively-once` is at-least-once for readers that drop rows whose `engram-id` they have seen. */
export const kafkaModes = ['exactly-once', 'at-least-once', 'effectively-once'] as const;
export type KafkaMode = (typeof kafkaModes)[number];

/** What happened, for logs, metrics and readiness. */
export type WorkerEvent =
  | (TaskEvent & { readonly shard: string })
  | { readonly type: 'assigned'; readonly shards: readonly string[] }
  | { readonly type: 'rebalancing' | 'heartbeat' | 'stopping' }
  | { readonly type: 'revoked'; readonly shard: string }
  | { readonly type: 'dropped'; readonly shard: string; readonly error: Error; readonly fenced: boolean }
  | { readonly type: 'reader-failed'; readonly error: Error };

type FromWorker = 'topic' | 'partition' | 'partitions' | 'decoder' | 'outputs';

export interface WorkerOptions<B extends Event> extends Omit<TaskOptions<B>, FromWorker> {
  readonly kafka: KafkaOptions;
  readonly input: string;
  readonly codec: PayloadCodec;
  readonly mapping: Mapping;
  /** Topics of the outputs, which have as many partitions as the input; made when they are not there. */
  readonly outputs: KafkaOutputs<B>;
  readonly mode?: KafkaMode;
  readonly compression?: Compression;
  /** Output topics are made with these settings. */
  readonly outputConfig?: Readonly<Record<string, string>>;
  readonly sessionTimeoutMs?: number;
  readonly heartbeatMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly fetchWaitMs?: number;
  readonly feed?: FeedOptions;
  readonly transactionTimeoutMs?: number;
  /** `refuse` by default: before 4.0 the protocol itself has holes that can tear a transaction. */
  readonly oldBrokers?: 'refuse' | 'allow';
  /** More partitions than this are refused: each has connections and state of its own. */
  readonly partitionsMax?: number;
  onEvent?(event: WorkerEvent): void;
}

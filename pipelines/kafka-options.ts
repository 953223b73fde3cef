import type { KafkaOptions } from '../connectors/kafka/client.js';
import type { Compression } from '../connectors/kafka/compression-names.js';
import type { Mapping, PayloadCodec } from '../connectors/kafka/decode.js';
import type { FeedOptions } from '../connectors/kafka/feed.js';
import type { Event } from '../event.js';
import type { KafkaOutputs } from './kafka-output.js';
import type { UnknownSetting } from './kafka-topics.js';
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
  | { readonly type: 'reader-failed'; readonly error: Error }
  /** No broker answers; it is asked again until one does (`reachable`), the patience ends, or a stop is asked for. */
  | { readonly type: 'unreachable'; readonly error: Error }
  | { readonly type: 'reachable'; readonly attempts: number; readonly ms: number }
  | UnknownSetting
  /** Records behind the last commit, measured whether anything can be committed or not. */
  | {
      readonly type: 'lag';
      readonly shard: string;
      readonly lag: number;
      readonly next: number;
      readonly begin: number;
    };

type FromWorker = 'topic' | 'partition' | 'partitions' | 'decoder' | 'outputs';

export interface WorkerOptions<B extends Event> extends Omit<TaskOptions<B>, FromWorker>, FeedOptions {
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
  /** How soon partitions that are added to the input are noticed; 30 s by default. */
  readonly metadataMs?: number;
  /** How often the lag is measured besides at every commit; 10 s by default. */
  readonly lagMs?: number;
  readonly transactionTimeoutMs?: number;
  /** `refuse` by default: before 4.0 the protocol itself has holes that can tear a transaction. */
  readonly oldBrokers?: 'refuse' | 'allow';
  /** More partitions than this are refused: each has connections and state of its own. */
  readonly partitionsMax?: number;
  onEvent?(event: WorkerEvent): void;
}

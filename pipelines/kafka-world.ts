import type { Bounds, Committed } from '../connectors/kafka/admin.js';
import type { RecordDecoder } from '../connectors/kafka/decode.js';
import type { Feed } from '../connectors/kafka/feed.js';
import type { Writer } from '../connectors/kafka/writer.js';
import type { Event, Heard, Mark } from '../event.js';
import type { CheckpointStore } from '../state/checkpoint.js';
import type { AlertHost, PartitionAlerts } from './kafka-alert-queue.js';
import type { KafkaOutputs } from './kafka-output.js';
import type { Truncation } from './kafka-restore.js';
import type { Pipeline } from './pipeline.js';

/** What happened to a task, for logs and metrics. */
export type TaskEvent =
  | { readonly type: 'restored'; readonly from: number; readonly committed: number; readonly how: string }
  /** State was lost and the policy is to begin anew: why, and the checkpoints that are out of force now. */
  | { readonly type: 'cold-start'; readonly from: number; readonly why: string; readonly retired: readonly number[] }
  | { readonly type: 'live'; readonly replayed: number; readonly ms: number }
  | {
      readonly type: 'committed';
      readonly next: number;
      readonly records: number;
      readonly results: number;
      readonly rejects: number;
      /** Of the rejects, by `stage/reason`. */
      readonly reasons: Readonly<Record<string, number>>;
      /** From beginning the transaction to the broker's word that it is done. */
      readonly ms: number;
      /** What folding these records took. */
      readonly foldMs: number;
      readonly lag: number;
      /** Bytes that were fetched and wait to be folded. */
      readonly waitingBytes: number;
    }
  /** For `pauseMs` of the whole time the process did nothing else. */
  | {
      readonly type: 'checkpoint';
      readonly next: number;
      readonly ms: number;
      readonly pauseMs: number;
      readonly bytes: number;
    }
  | { readonly type: 'checkpoint-failed'; readonly next: number; readonly error: Error }
  | { readonly type: 'tombstone'; readonly key: string; readonly offset: number }
  /** A mark was taken in by a step, and what it found. */
  | ({ readonly type: 'mark'; readonly stage: string; readonly known: boolean } & Pick<
      Mark,
      'key' | 'verdict' | 'offset'
    > &
      Pick<Heard, 'alarms'>);

export interface TaskOptions<B extends Event> {
  readonly topic: string;
  readonly partition: number;
  /** Partitions of the topic: keys move when it changes, so a checkpoint of another count is refused. */
  readonly partitions: number;
  /** Consumer group, and name of the application in ids and checkpoints. */
  readonly groupId: string;
  readonly pipeline: Pipeline<B>;
  readonly decoder: RecordDecoder;
  readonly outputs: KafkaOutputs<B>;
  /** Where alerts go besides their topic: queues that move with the partition. */
  alerts?(host: AlertHost): PartitionAlerts;
  readonly store?: CheckpointStore;
  /** Where a group that has never committed begins. */
  readonly begin?: 'earliest' | 'latest';
  /** What to do when state cannot be rebuilt from the log and the checkpoints. */
  readonly onTruncated?: Truncation;
  /** A commit is due so long after its first record, or with so many records, or rows made of them. */
  readonly commitMs?: number;
  readonly commitRows?: number;
  /** A checkpoint is due so long after the last one, or with so many records, or rows where a record holds several. */
  readonly checkpointMs?: number;
  readonly checkpointRows?: number;
  /** Above this share of refused records, over the last thousand, the task stops with an error. */
  readonly rejectShareMax?: number;
}

/** What a task needs of the outside: everything here talks to Kafka, so that tests can put faults in between. */
export interface TaskWorld {
  /** Fences earlier writers of this partition, then gives the only valid one. */
  writer(): Promise<Writer>;
  committed(): Promise<Committed | undefined>;
  bounds(): Promise<Bounds>;
  open(from: number): Feed;
  drop(feed: Feed): void;
  onEvent(event: TaskEvent): void;
  nowMs(): number;
}

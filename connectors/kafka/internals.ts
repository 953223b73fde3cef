import { createRequire } from 'node:module';
import type { RawRecord } from './record.js';

/** What kafkajs fetched for one partition, with the fields its types leave out. */
export interface RawBatch {
  readonly topic: string;
  readonly partition: number;
  /** The offset that was asked for. */
  readonly fetchedOffset: string;
  readonly highWatermark: string;
  /** Everything that came: aborted records, markers, and records below the offset asked for. */
  readonly rawMessages: readonly (RawRecord & {
    readonly batchContext?: { readonly firstOffset: string; readonly lastOffsetDelta: number };
  })[];
  isEmpty(): boolean;
  isEmptyDueToFiltering(): boolean;
}

/** A member of a group that wants to see all that is fetched for it. */
export interface Watcher {
  memberId(): string | undefined;
  /** The log no longer holds, or does not yet hold, the offset that was asked for. */
  outOfRange(topic: string, partition: number): void;
}

interface ConsumerGroup {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly preferredReadReplicasPerTopicPartition: Record<string, Record<number, unknown> | undefined>;
  fetch(nodeId: number): Promise<RawBatch[]>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
}

const watchers = new Map<string, Set<Watcher>>();
let repaired = false;

/**
 * Makes two repairs in kafkajs, for members that are watched and no others. (1) A batch that its own filter has emptied
 * never reaches the caller, although it holds the markers that decide about earlier records, and sometimes committed
 * records that the filter dropped by mistake. (2) When an offset is out of range it commits -1 or -2 to the group,
 * whatever `autoCommit` says, and goes on from there: a silent loss. The version of kafkajs is pinned for this.
 */
export function watch(groupId: string, watcher: Watcher): () => void {
  repair();
  const group = watchers.get(groupId) ?? new Set();
  watchers.set(groupId, group.add(watcher));
  return () => {
    group.delete(watcher);
    if (group.size === 0) watchers.delete(groupId);
  };
}

function watcherOf({ groupId, memberId }: ConsumerGroup): Watcher | undefined {
  return [...(watchers.get(groupId) ?? [])].find((watcher) => watcher.memberId() === memberId);
}

function repair(): void {
  if (repaired) return;
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as {
    prototype: ConsumerGroup;
  };
  const { fetch, recoverFromOffsetOutOfRange } = prototype;
  if (typeof fetch !== 'function' || typeof recoverFromOffsetOutOfRange !== 'function') {
    throw new Error('kafkajs is not the version 2.2.4 that this was written for: install that one');
  }
  prototype.fetch = async function (nodeId) {
    const batches = await fetch.call(this, nodeId);
    if (watchers.has(this.groupId)) {
      for (const batch of batches) {
        batch.isEmpty = () => batch.rawMessages.length === 0;
        batch.isEmptyDueToFiltering = () => false;
      }
    }
    return batches;
  };
  prototype.recoverFromOffsetOutOfRange = async function (error) {
    const replicas = this.preferredReadReplicasPerTopicPartition[error.topic];
    const watcher = watcherOf(this);
    if (!watcher || replicas?.[error.partition] !== undefined) return recoverFromOffsetOutOfRange.call(this, error);
    watcher.outOfRange(error.topic, error.partition);
  };
  repaired = true;
}

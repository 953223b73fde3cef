import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';
import type { RawRecord } from './record.js';

/** What kafkajs fetched for one partition, with the fields its types leave out. */
export interface RawBatch {
  readonly topic: string;
  readonly partition: number;
  /** The offset that was asked for. */
  readonly fetchedOffset: string;
  readonly highWatermark: string;
  /** Everything that came: aborted records, markers, and records below the offset asked for. */
  readonly rawMessages: readonly RawRecord[];
  isEmpty(): boolean;
  isEmptyDueToFiltering(): boolean;
}

/** A question for records: of one partition each, from an offset on. */
export interface FetchRequest {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** 1: nothing behind the first transaction that is still open. */
  readonly isolationLevel: 1;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[];
  }[];
}

/** What a client's own classes talk to a cluster by, and do not hand out. */
export interface Links {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  /** The partitions by the ids of their leaders. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(of: { nodeId: string }): Promise<{
    fetch(request: FetchRequest): Promise<{
      readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly RawRecord[] }[] }[];
    }>;
  }>;
}

/** A connection to a broker. */
export interface BrokerLink {
  disconnect(): Promise<void>;
}

/** A member of a group that wants to see all that is fetched for it. */
export interface Watcher {
  memberId(): string | undefined;
  /** Told at every fetch who coordinates the group. After a broken connection kafkajs may keep one that it never closes. */
  coordinator(link: BrokerLink): void;
  /** The log no longer holds, or does not yet hold, the offset that was asked for. */
  outOfRange(topic: string, partition: number): void;
}

interface ConsumerGroup {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly coordinator: BrokerLink | null;
  readonly preferredReadReplicasPerTopicPartition: Record<string, Record<number, unknown> | undefined>;
  fetch(nodeId: number): Promise<RawBatch[]>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
}

const watchers = new Map<string, Set<Watcher>>();
let repaired = false;

/** Coordinators do not move often; kafkajs asks for them four times per transaction. */
const coordinatorMs = 1000;

interface Coordinated {
  readonly groupId: string;
  readonly coordinatorType?: number;
}

interface Cluster {
  findGroupCoordinatorMetadata(of: Coordinated): Promise<unknown>;
}

interface Broker {
  findGroupCoordinator(of: Coordinated): Promise<unknown>;
}

const load = createRequire(import.meta.url);
const writers = new Set<string>();
let remembering = false;

/** Lets producers of this transactional id ask once a second who coordinates; all others are left as they are. */
export function rememberCoordinators(transactionalId: string): void {
  writers.add(transactionalId);
  if (remembering) return;
  remembering = true;
  remember();
}

export const otherVersion = (): Error =>
  new Error('kafkajs is not the version 2.2.4 that this was written for: install that one');

/** Connections of their own to a client's cluster; without them kafkajs gives records to members of groups only. */
export function linksOf(kafka: Kafka): Links {
  const make = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === createCluster);
  const links = make && (kafka as unknown as Record<symbol, (options: object) => Links>)[make];
  if (typeof links !== 'function') throw otherVersion();
  return links({ metadataMaxAge: 30_000, allowAutoTopicCreation: false });
}
const createCluster = 'private:Kafka:createCluster';

function remember(): void {
  const { prototype } = load('kafkajs/src/cluster') as { prototype: Cluster };
  const { findGroupCoordinatorMetadata: find } = prototype;
  if (typeof find !== 'function') throw otherVersion();
  const known = new WeakMap<Cluster, Map<string, { answer: Promise<unknown>; atMs: number }>>();
  prototype.findGroupCoordinatorMetadata = function (of) {
    // The first question of a writer is for its own id: it marks the cluster object, which no other producer shares.
    if (!known.has(this) && !writers.has(of.groupId)) return find.call(this, of);
    const answers = known.get(this) ?? new Map<string, { answer: Promise<unknown>; atMs: number }>();
    known.set(this, answers);
    const name = `${of.coordinatorType} ${of.groupId}`;
    const before = answers.get(name);
    if (before && performance.now() - before.atMs < coordinatorMs) return before.answer;
    const answer = find.call(this, of);
    answers.set(name, { answer, atMs: performance.now() });
    answer.catch(() => answers.delete(name));
    return answer;
  };
}

let telling = false;

/**
 * Makes kafkajs throw what the cluster refused. (1) Where a user may not ask who coordinates a group or a transactional id
 * it asks every broker and then says that there is no coordinator. (2) Where he may not write to one of several topics it
 * throws the first answer, that another one was not attempted.
 */
export function tellRefusals(): void {
  if (telling) return;
  telling = true;
  tellWhatFailed();
  const { prototype: broker } = load('kafkajs/src/broker') as { prototype: Broker };
  const { prototype: cluster } = load('kafkajs/src/cluster') as { prototype: Cluster };
  const { findGroupCoordinator: ask } = broker;
  const { findGroupCoordinatorMetadata: find } = cluster;
  if (typeof ask !== 'function' || typeof find !== 'function') throw otherVersion();
  const refusals = new Map<string, Error>();
  const nameOf = ({ groupId, coordinatorType = 0 }: Coordinated): string => `${coordinatorType} ${groupId}`;
  broker.findGroupCoordinator = async function (of) {
    try {
      return await ask.call(this, of);
    } catch (error) {
      if (/AUTHORIZATION_FAILED$/.test((error as { type?: string }).type ?? ''))
        refusals.set(nameOf(of), error as Error);
      throw error;
    }
  };
  cluster.findGroupCoordinatorMetadata = async function (of) {
    try {
      return await find.call(this, of);
    } catch (error) {
      throw refusals.get(nameOf(of)) ?? error;
    } finally {
      refusals.delete(nameOf(of));
    }
  };
}

interface Partitions {
  parse(data: { readonly errors: readonly { readonly partitionErrors: { readonly errorCode: number }[] }[] }): unknown;
}

/** Of a partition that was not tried because of another one. */
const notAttempted = 55;

function tellWhatFailed(): void {
  for (const version of ['v0', 'v1']) {
    const response = load(`kafkajs/src/protocol/requests/addPartitionsToTxn/${version}/response`) as Partitions;
    const { parse } = response;
    if (typeof parse !== 'function') throw otherVersion();
    response.parse = (data) => {
      const told = data.errors.map((topic) => ({
        ...topic,
        partitionErrors: topic.partitionErrors.filter(({ errorCode }) => errorCode !== notAttempted),
      }));
      const failed = told.some(({ partitionErrors }) => partitionErrors.some(({ errorCode }) => errorCode !== 0));
      return parse(failed ? { ...data, errors: told } : data);
    };
  }
}

/**
 * Makes three repairs in kafkajs, for members that are watched and no others. (1) A batch that its own filter has emptied
 * never reaches the caller, although it holds the markers that decide about earlier records, and sometimes committed
 * records that the filter dropped by mistake. (2) When an offset is out of range it commits -1 or -2 to the group,
 * whatever `autoCommit` says, and goes on from there: a silent loss. (3) What coordinates the group after a broken
 * connection is known to nobody else, so its own connection would stay open. The version of kafkajs is pinned for this.
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
  const { prototype } = load('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup };
  const { fetch, recoverFromOffsetOutOfRange } = prototype;
  if (typeof fetch !== 'function' || typeof recoverFromOffsetOutOfRange !== 'function') {
    throw otherVersion();
  }
  prototype.fetch = async function (nodeId) {
    if (this.coordinator) watcherOf(this)?.coordinator(this.coordinator);
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

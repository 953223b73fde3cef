import { join } from 'node:path';
import { keepRefused } from '../connectors/alerts/refused.js';
import { KafkaAdmin } from '../connectors/kafka/admin.js';
import { type KafkaOptions, kafkaClient } from '../connectors/kafka/client.js';
import { tableWithRights } from '../connectors/kafka/rights.js';
import { KafkaTable } from '../connectors/kafka/table.js';
import { openAlerts } from './alert-open.js';
import type { AlertSpec } from './alert-spec.js';
import { AlertTally } from './alert-tally.js';
import { TopicNotes } from './kafka-alert-notes.js';
import { type AlertHost, type PartitionAlerts, PartitionQueue } from './kafka-alert-queue.js';
import { refusedLetters } from './kafka-refused.js';
import type { StatePlace } from './kafka-run.js';
import type { Pipeline } from './pipeline.js';

/** What a run on Kafka does with its alerts, besides writing them to a topic. */
export interface KafkaAlerts {
  /** The queues of one partition, for the task that has it. */
  queueOf(host: AlertHost): PartitionAlerts;
  metrics(): string;
  close(): Promise<void>;
}

export interface KafkaAlertsOptions {
  readonly kafka: KafkaOptions;
  readonly groupId: string;
  /** Topic of the group's queues. */
  readonly topic: string;
  /** Where an earlier release had them: what is left there is taken over once. */
  readonly formerTopic?: string;
  /** The run's dead letters, which what receivers refuse is among where there is no folder for it. */
  readonly rejectsTopic?: string | undefined;
  readonly state: StatePlace;
  readonly sessionTimeoutMs: number;
  /** Told what people should look at. */
  readonly onLog: (event: object) => void;
}

/** Opens the queues of a pipeline's alerts, partition by partition; undefined where it makes none. */
export async function alertsOf(
  { alerts: spec }: Pick<Pipeline, 'alerts'>,
  options: KafkaAlertsOptions,
): Promise<KafkaAlerts | undefined> {
  if (!spec) return undefined;
  const tally = new AlertTally();
  if (Object.keys(spec.sinks ?? {}).length === 0) {
    return { queueOf: () => counting(tally), metrics: () => tally.text(), close: () => Promise.resolve() };
  }
  await checked(spec);
  const queues = new Set<PartitionQueue>();
  const tables = new Map<string, KafkaTable>();
  const tableOf = (topic: string, { partitions }: AlertHost): KafkaTable => {
    const partitionOf = (shard: string): number => Number(/-(\d+)$/.exec(shard)?.[1]);
    const table = tables.get(topic) ?? new KafkaTable(kafkaClient(options.kafka), topic, { partitions, partitionOf });
    tables.set(topic, table);
    return table;
  };
  return {
    queueOf(host) {
      const queue: PartitionQueue = new PartitionQueue(
        {
          leaseMs: options.sessionTimeoutMs / 2,
          open: (at) => opened(spec, options, host, (topic) => tableOf(topic, host), at, tally),
        },
        host,
        () => queues.delete(queue),
      );
      queues.add(queue);
      return queue;
    },
    metrics: () => tally.text(...[...queues].flatMap(({ feed }) => feed ?? [])),
    async close() {
      await Promise.all([...queues].map((queue) => queue.close()));
      await Promise.all([...tables.values()].map((table) => table.close()));
    },
  };
}

/** Reads what the queue of a partition holds, and goes on with it. */
async function opened(
  spec: AlertSpec,
  { kafka, groupId, topic, formerTopic, rejectsTopic, state, onLog }: KafkaAlertsOptions,
  { shard, partition }: AlertHost,
  tableOf: (topic: string) => KafkaTable,
  queue: Pick<PartitionQueue, 'put' | 'ready'>,
  tally: AlertTally,
) {
  const owner = `${groupId}\n${shard}`;
  let found = await tableWithRights(tableOf(topic)).read(owner);
  if (found.size === 0 && formerTopic !== undefined && (await isThere(kafka, formerTopic))) {
    found = await tableWithRights(tableOf(formerTopic)).read(owner);
    // All of it in one commit: from then on the new queue is whole, and the old one is looked at no more.
    queue.put([...found].map(([key, value]) => ({ topic, partition, key: Buffer.from(key), value, headers: {} })));
    if (found.size > 0) onLog({ type: 'alert-queue-taken-over', shard, from: formerTopic, notes: found.size });
  }
  const folder = spec.folder ?? ('folder' in state ? join(state.folder, 'alerts') : undefined);
  const refusedOf = (sink: string): string | undefined =>
    folder === undefined ? undefined : join(folder, `${shard}.${sink}.refused.ndjson`);
  return openAlerts(forShard(spec, shard), {
    journalOf: (sink) =>
      new TopicNotes({
        ...{ topic, partition, found, prefix: `${groupId}\n${shard}\n${sink}\n` },
        put: (rows) => queue.put(rows),
        ready: () => queue.ready(),
        async keepRefused(delivery, error) {
          const path = refusedOf(sink);
          if (path !== undefined) return keepRefused(path, delivery, error);
          if (rejectsTopic === undefined) return;
          queue.put(refusedLetters(delivery, error, { sink, topic: rejectsTopic, partition, app: groupId }));
        },
      }),
    onEvent(event) {
      tally.see(event);
      if (event.type === 'alert' || event.type === 'alert-delivered') return;
      const kept = event.type === 'alert-refused' ? { kept: refusedOf(event.sink) ?? rejectsTopic ?? null } : {};
      onLog({ ...event, shard, ...kept });
    },
    onSilencesFile: (error) => onLog({ type: 'silences-failed', error: error.message }),
  });
}

async function isThere(kafka: KafkaOptions, topic: string): Promise<boolean> {
  const admin = new KafkaAdmin(kafkaClient(kafka));
  try {
    return (await admin.partitions([topic])).has(topic);
  } finally {
    await admin.close();
  }
}

/** A file takes the lines of one writer: each partition has its own. */
function forShard(spec: AlertSpec, shard: string): AlertSpec {
  const sinks = Object.entries(spec.sinks ?? {}).map(([name, sink]) => {
    if (!('file' in sink) || !sink.file) return [name, sink];
    const path = sink.file.path.replace(/(\.[^./]*)?$/, `.${shard}$1`);
    return [name, { ...sink, file: { ...sink.file, path } }];
  });
  return { ...spec, sinks: Object.fromEntries(sinks) };
}

/** Mistakes in the section are told before the first partition comes. */
async function checked(spec: AlertSpec): Promise<void> {
  const nothing = { bytes: 0, snapshotBytes: 0 };
  const none = (): Promise<void> => Promise.resolve();
  const { feed } = await openAlerts(spec, {
    journalOf: () => ({
      ...{ ...nothing, append: none, sync: none, compact: none, close: none },
      open: () => Promise.resolve({ records: [], spoiltBytes: 0 }),
    }),
  });
  await feed.close(false);
}

/** Where no sink is named the topic is all there is, and the counts. */
function counting(tally: AlertTally): PartitionAlerts {
  return {
    async write(alerts) {
      for (const alert of alerts) tally.see({ type: 'alert', alert });
    },
    advance: () => Promise.resolve(),
    take: () => [],
    committed() {},
    close: () => Promise.resolve(),
  };
}

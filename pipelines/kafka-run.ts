import { outputs as encoders } from '../connectors/catalog.js';
import { jsonCodec } from '../connectors/codecs/json.js';
import { encodeResult } from '../connectors/encode.js';
import { kafkaClient } from '../connectors/kafka/client.js';
import { tableWithRights } from '../connectors/kafka/rights.js';
import { KafkaTable } from '../connectors/kafka/table.js';
import type { Result } from '../event.js';
import type { CheckpointStore } from '../state/checkpoint.js';
import { FileStore } from '../state/stores/file.js';
import { KafkaStore } from '../state/stores/kafka.js';
import { type AlertSpec, withAlerts } from './alert-spec.js';
import { alertsOf } from './kafka-alerts.js';
import { HealthServer } from './kafka-http.js';
import { formerQueueTopic, queueTopic } from './kafka-ids.js';
import { KafkaLog, type LogEvent } from './kafka-log.js';
import { KafkaMetrics } from './kafka-metrics.js';
import type { WorkerEvent, WorkerOptions } from './kafka-options.js';
import { type KafkaOutputs, outputTopics } from './kafka-output.js';
import { KafkaWorker } from './kafka-worker.js';
import type { Pipeline } from './pipeline.js';

/** Where memories are kept between two runs: a folder, or a compacted topic that any host can reach. */
export type StatePlace = { readonly folder: string } | { readonly topic: string; readonly partitions?: number };

type Given = 'outputs' | 'codec' | 'store' | 'onEvent' | 'pipeline' | 'alerts';

export interface KafkaRunOptions extends Omit<WorkerOptions<Result>, Given> {
  readonly pipeline: Pipeline<Result>;
  readonly codec?: WorkerOptions<Result>['codec'];
  readonly state: StatePlace;
  /** Topics of the outputs; `<input>.forecasts`, `.anomalies` and `.dlq` by default, null for none. */
  readonly topics?: {
    readonly results?: string | null;
    readonly anomalies?: string | null;
    readonly rejects?: string | null;
    readonly alerts?: string | null;
  };
  /** What becomes an alert and where alerts go, where the pipeline does not say it itself. */
  readonly alerts?: AlertSpec;
  /** Answers /healthz, /readyz and /metrics here. */
  readonly http?: { readonly port: number; readonly host?: string };
  /** One JSON object per change of state. */
  readonly onLog?: (line: string) => void;
  readonly onEvent?: (event: WorkerEvent) => void;
  /** Told the address of the health server. */
  readonly onListen?: (port: number) => void;
}

/** Runs a pipeline on a topic until it is told to stop: then it finishes what it holds, saves, and leaves the group. */
export async function runKafka(options: KafkaRunOptions, stop: AbortSignal): Promise<void> {
  const { kafka, input, topics = {}, sessionTimeoutMs = 30_000, http, onLog } = options;
  const pipeline = options.alerts ? withAlerts(options.pipeline, options.alerts) : options.pipeline;
  const metrics = new KafkaMetrics();
  const { store, close } = storeOf(options);
  const lines = new KafkaLog((line) => onLog?.(line));
  const log = (event: object): void => lines.write(event as LogEvent);
  const outputs = outputsOf(input, topics, pipeline.alerts !== undefined);
  const alertsTopic = outputs.alerts?.topic ?? outputTopics(input).alerts;
  const alerts = await alertsOf(pipeline, {
    ...{ kafka, groupId: options.groupId, state: options.state, sessionTimeoutMs },
    topic: queueTopic(alertsTopic, options.groupId),
    formerTopic: formerQueueTopic(alertsTopic),
    rejectsTopic: outputs.rejects?.topic,
    onLog: log,
  }).catch(async (error: Error) => {
    await close();
    throw error;
  });
  const { alerts: _, ...rest } = options;
  const worker = new KafkaWorker<Result>({
    ...rest,
    pipeline,
    ...(alerts ? { alerts: (host) => alerts.queueOf(host) } : {}),
    codec: options.codec ?? jsonCodec(),
    outputs,
    store,
    kafka: { ...kafka, onLog: (level, message) => log({ type: 'client', level, message }) },
    onEvent(event) {
      metrics.see(event);
      if (logged.has(event.type)) log(plain(event));
      options.onEvent?.(event);
    },
  });
  let failure: string | undefined;
  const health =
    http &&
    (await HealthServer.start(
      {
        broken: () => failure,
        waiting() {
          if (metrics.silentMs > 2 * sessionTimeoutMs) {
            return `no heartbeat for ${Math.round(metrics.silentMs / 1000)} s: the group no longer counts on this process`;
          }
          if (worker.ready) return undefined;
          const shards = worker.shards.filter(({ live }) => !live).map(({ shard }) => shard);
          return shards.length > 0 ? `restoring ${shards.join(', ')}` : 'no partition is assigned';
        },
        metrics: () =>
          metrics.text({ assigned: worker.shards.length, live: worker.shards.filter(({ live }) => live).length }) +
          (alerts?.metrics() ?? ''),
      },
      http.port,
      http.host,
    ));
  try {
    if (health) options.onListen?.(health.port);
    await worker.run(stop);
    log({ type: 'stopped' });
  } catch (error) {
    failure = (error as Error).message;
    log({ type: 'failed', error: failure });
    throw error;
  } finally {
    await health?.close();
    await alerts?.close();
    await close();
    metrics.close();
  }
}

/** Changes of state; commits and heartbeats are for the metrics. */
const logged = new Set<WorkerEvent['type']>([
  ...(['assigned', 'rebalancing', 'revoked', 'restored', 'live', 'dropped', 'reader-failed', 'stopping'] as const),
  ...(['unreachable', 'reachable', 'cold-start', 'checkpoint-failed', 'mark', 'unknown-setting'] as const),
]);

const plain = (event: WorkerEvent): object => ('error' in event ? { ...event, error: event.error.message } : event);

function outputsOf(
  input: string,
  given: NonNullable<KafkaRunOptions['topics']>,
  alerting: boolean,
): KafkaOutputs<Result> {
  const { results, anomalies, rejects, alerts } = { ...outputTopics(input), ...given };
  return {
    ...(results === null ? {} : { results: { topic: results, encode: encodeResult } }),
    ...(anomalies === null ? {} : { anomalies: { topic: anomalies, encode: encoders.anomalies().encode } }),
    ...(rejects === null ? {} : { rejects: { topic: rejects } }),
    ...(alerts === null || !alerting ? {} : { alerts: { topic: alerts } }),
  };
}

function storeOf({ state, kafka }: KafkaRunOptions): { store: CheckpointStore; close(): Promise<void> } {
  if ('folder' in state) return { store: new FileStore(state.folder, { shared: true }), close: async () => {} };
  const { topic, partitions } = state;
  const table = new KafkaTable(kafkaClient(kafka), topic, {
    ...(partitions === undefined ? {} : { partitions }),
    field: 'state.topic',
  });
  return { store: new KafkaStore(tableWithRights(table)), close: () => table.close() };
}

// One worker process of the chaos test, on compiled code: node kafka-worker.mjs '{"brokers":[…],"input":…,"group":…}'
// Tells what happens to it as one JSON object a line; ends by SIGTERM, or with 1 and the reason.
import { encodeMoved, movingOf } from '../kafka/moving.mjs';

// First of all: a signal may come while the engine is being loaded.
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

// The compiled engine; another folder than dist/ while that one is being worked on.
const dist = process.env.ENGRAM_DIST ?? '../../dist';
const { jsonCodec } = await import(`${dist}/connectors/codecs/json.js`);
const { keyed } = await import(`${dist}/operators/stage.js`);
const { remember } = await import(`${dist}/operators/remember.js`);
const { KafkaWorker } = await import(`${dist}/pipelines/kafka-worker.js`);
const { pipeline } = await import(`${dist}/pipelines/pipeline.js`);
const { f64 } = await import(`${dist}/state/layout.js`);
const { FileStore } = await import(`${dist}/state/stores/file.js`);

const {
  brokers,
  input,
  group,
  output,
  folder,
  stateTopic,
  held = false,
  sessionMs = 3000,
  maxMs,
  shipped,
  commits = false,
  checkpointMs = 1000,
} = JSON.parse(process.argv[2]);
const tell = (event) =>
  process.stdout.write(`${JSON.stringify(event, (_, v) => (v instanceof Error ? v.message : v))}\n`);

/** A shipped pipeline by its name, instead of the small one that chains all records of a shard. */
async function named(name) {
  const { shipped } = await import(`${dist}/pipelines/shipped.js`);
  const { pipelineOf } = await import(`${dist}/pipelines/spec.js`);
  const { encodeResult } = await import(`${dist}/connectors/encode.js`);
  return { pipeline: pipelineOf(shipped[name]), encode: encodeResult };
}

const encode = (shard) => {
  const moved = encodeMoved(shard);
  return (row) => `${moved(row).slice(0, -1)},"surprise":${row.prediction.surprise},"mean":${row.prediction.mean[0]}}`;
};
const chained = {
  pipeline: pipeline('chaos')
    .through(movingOf({ keyed, f64 })(1e6))
    .through(remember({ memory: 'last-value', horizons: [1] })),
  encode,
};
/** The same behind steps that hold rows back. */
async function waiting() {
  const { reorder } = await import(`${dist}/operators/reorder.js`);
  const { align } = await import(`${dist}/operators/align.js`);
  return {
    pipeline: pipeline('chaos-held')
      .through(reorder({ latenessMs: 45_000, duplicates: 'keep' }))
      .through(align({ stepMs: 60_000, fill: 'none', collide: 'mean' }))
      .through(movingOf({ keyed, f64 })(1e6))
      .through(remember({ memory: 'last-value', horizons: [1] })),
    encode,
  };
}

async function tableStore() {
  const { kafkaClient } = await import(`${dist}/connectors/kafka/client.js`);
  const { KafkaTable } = await import(`${dist}/connectors/kafka/table.js`);
  const { KafkaStore } = await import(`${dist}/state/stores/kafka.js`);
  return new KafkaStore(new KafkaTable(kafkaClient({ brokers }), stateTopic, { partitions: 4 }));
}

const work = held ? await waiting() : shipped ? await named(shipped) : chained;
const worker = new KafkaWorker({
  kafka: { brokers, requestTimeoutMs: 10_000 },
  input,
  groupId: group,
  oldBrokers: 'allow',
  codec: jsonCodec(),
  mapping: { values: ['value'], ...(held ? { time: 'at', timeFormat: 'epoch-ms' } : {}) },
  pipeline: work.pipeline,
  outputs: { results: { topic: `${output}.forecasts`, encode: work.encode }, rejects: { topic: `${output}.dlq` } },
  store: stateTopic ? await tableStore() : new FileStore(folder, { shared: true }),
  commitMs: 100,
  checkpointMs,
  sessionTimeoutMs: sessionMs,
  heartbeatMs: 500,
  rebalanceTimeoutMs: 6000,
  transactionTimeoutMs: 10_000,
  onEvent: (event) => {
    if (event.type !== 'heartbeat' && (commits || event.type !== 'committed')) tell(event);
  },
});
if (maxMs) setTimeout(() => stop.abort(), maxMs).unref();
worker.run(stop.signal).then(
  () => process.exit(0),
  (error) => {
    tell({ type: 'failed', error: error.stack });
    process.exit(1);
  },
);

// One measured process of the Kafka benchmark, on compiled code: node kafka-bench-worker.mjs '{"role":…,"brokers":[…],…}'
// Roles: `raw` only reads; `loop` is what anybody would write with kafkajs, without a model; `quick` is that loop with the
// engine's writer; `engine` is the engine with no step; `light` the engine with the shipped pipeline of that name. Tells how
// far it is as one JSON object a line.
import kafkajs from 'kafkajs';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const dist = process.env.ENGRAM_DIST ?? '../../dist';
const {
  role,
  brokers,
  input,
  output,
  group,
  partitions,
  commitMs = 100,
  commitRows = 5000,
  pad = 0,
} = JSON.parse(process.argv[2]);

let seen = 0;
/** Counts committed records, with what this process has used of the processor until now. */
function tell(records) {
  seen += records;
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ records: seen, atMs: Date.now(), cpuMicros: user + system })}\n`);
}

const client = () =>
  new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, retry: { initialRetryTime: 30, retries: 10 } });
const row = JSON.stringify({ value: 0, padding: 'x'.repeat(pad) });
const rowOf = (value) => row.replace('0', String(value));

async function raw() {
  // Small batches, so that there is something to be counted.
  const consumer = client().consumer({ groupId: group, maxWaitTimeInMs: 100, maxBytesPerPartition: 65_536 });
  await consumer.connect();
  await consumer.subscribe({ topic: input, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatch: async ({ batch }) => tell(batch.messages.length) });
  return consumer;
}

/** Writes rows and offset in one transaction with kafkajs' own producer, as its documentation shows. */
async function plainWriter(kafka, transactionalId) {
  const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1, retry: { initialRetryTime: 10 } });
  await producer.connect();
  return async (rows, { groupId, topic, partition, offset }) => {
    const transaction = await producer.transaction();
    // As much as the broker takes in one request.
    for (let i = 0; i < rows.length; i += 1500) {
      await transaction.send({ topic: output, messages: rows.slice(i, i + 1500) });
    }
    const partitions = [{ partition, offset: String(offset) }];
    await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
    await transaction.commit();
  };
}

async function quickWriter(kafka, transactionalId) {
  const { TransactionalWriter } = await import(`${dist}/connectors/kafka/writer.js`);
  const writer = await TransactionalWriter.open(kafka, transactionalId);
  return (rows, position) => writer.commit(rows, { ...position, metadata: '' });
}

/** Decode, write a row of the same size, offset and rows in one transaction: for every batch, on every partition at once. */
async function loop(open) {
  const kafka = client();
  const writers = await Promise.all(Array.from({ length: partitions }, (_, i) => open(kafka, `${group}-${i}`)));
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: input, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: partitions,
    eachBatch: async ({ batch, resolveOffset }) => {
      for (let at = 0; at < batch.messages.length; at += commitRows) {
        const part = batch.messages.slice(at, at + commitRows);
        const rows = part.map(({ key, value }) => {
          const { value: number } = JSON.parse(String(value));
          return { topic: output, partition: batch.partition, key, value: rowOf(number) };
        });
        const offset = Number(part[part.length - 1].offset) + 1;
        await writers[batch.partition](rows, { groupId: group, topic: input, partition: batch.partition, offset });
        tell(part.length);
      }
      resolveOffset(batch.lastOffset());
    },
  });
  return consumer;
}

async function engine() {
  const { jsonCodec } = await import(`${dist}/connectors/codecs/json.js`);
  const { encodeResult } = await import(`${dist}/connectors/encode.js`);
  const { KafkaWorker } = await import(`${dist}/pipelines/kafka-worker.js`);
  const { pipeline } = await import(`${dist}/pipelines/pipeline.js`);
  const { shipped } = await import(`${dist}/pipelines/shipped.js`);
  const { pipelineOf } = await import(`${dist}/pipelines/spec.js`);
  const { MemoryStore } = await import(`${dist}/state/stores/memory.js`);
  const encode =
    role === 'light'
      ? encodeResult
      : () =>
          ({ values }) =>
            rowOf(values[0]);
  const worker = new KafkaWorker({
    kafka: { brokers },
    ...{ input, groupId: group, store: new MemoryStore(), codec: jsonCodec(), mapping: { values: ['value'] } },
    ...{ commitMs, commitRows },
    pipeline: role === 'light' ? pipelineOf(shipped.light) : pipeline('empty'),
    outputs: { results: { topic: output, encode } },
    onEvent(event) {
      if (event.type === 'committed') tell(event.records);
      else if (event.type === 'live') process.stdout.write(`${JSON.stringify({ live: event.shard })}\n`);
      else if (event.type === 'dropped') process.stderr.write(`${role}: ${event.error.stack}\n`);
    },
  });
  await worker.run(stop.signal);
}

const consumers = { raw, loop: () => loop(plainWriter), quick: () => loop(quickWriter) };
if (role in consumers) {
  const consumer = await consumers[role]();
  stop.signal.addEventListener('abort', () => consumer.disconnect().finally(() => process.exit(0)));
} else {
  await engine();
  process.exit(0);
}

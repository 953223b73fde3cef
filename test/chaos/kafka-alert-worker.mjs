// One process of a run with alerts, on compiled code: node kafka-alert-worker.mjs '{…the file of `engram run`…}'
// Prints the lines of its log; ends by SIGTERM.
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const dist = process.env.ENGRAM_DIST ?? '../../dist';
const { runKafka } = await import(`${dist}/pipelines/kafka-run.js`);
const { parseKafkaRun } = await import(`${dist}/pipelines/kafka-spec.js`);
const run = await parseKafkaRun(JSON.parse(process.argv[2]));
await runKafka({ ...run, onLog: (line) => process.stdout.write(`${line}\n`) }, stop.signal);
process.exit(0);

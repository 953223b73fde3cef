/**
 * A pipeline of ten lines: a log from a file, its anomalies into a file, and a store, so that the same program goes on
 * where it was. Run it twice, or stop it with Ctrl-C and run it again.
 *
 *   npm run setup && node dist/examples/taxi-anomalies.js
 */
import {
  detect,
  episode,
  FileStore,
  fileSource,
  interval,
  normalize,
  outputs,
  pipeline,
  remember,
  run,
  seasons,
  sinkOf,
} from '../index.js';

const taxi = pipeline('taxi')
  .through(normalize())
  .through(seasons())
  .through(remember({ memory: 'default', horizons: [1, 5, 48] }))
  .through(interval())
  .through(detect())
  .through(episode());

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const done = await run({
  pipeline: taxi,
  source: fileSource('data/nyc_taxi.csv', { time: 'timestamp', values: ['value'] }),
  sinks: { anomalies: [sinkOf('out/examples/anomalies.ndjson', outputs.anomalies())] },
  store: new FileStore('out/examples/state'),
  checkpointRows: 1000,
  stop: stop.signal,
  onResume: (shard, next) => console.log(`${shard}: from row ${next} on`),
  onBatch: ({ anomalies = [] }) => {
    for (const { peakMs, severity, why } of anomalies) {
      console.log(`${new Date(peakMs).toISOString()}  ${severity.padEnd(8)}  ${why}`);
    }
  },
});
console.log(`${done.rows} rows, ${done.anomalies} anomalies, ${done.checkpoints} checkpoints`);

/**
 * One replay of a log through the light pipeline in a process of its own, as the command runs it; prints the seconds of
 * processor time it took, start of the process left out. Called by `run.ts`.
 *
 *   node dist/bench/replay-light.js LOG KEYS [RESULTS.ndjson]
 */
import { fileSource, keepRowsYoung, outputs, type PipelineSpec, pipelineOf, run, shipped, sinkOf } from '../index.js';

keepRowsYoung();
const [path = '', keys = '1', file] = process.argv.slice(2);
const limit = { limit: Number(keys), whenFull: 'reject' } as const;
const spec: PipelineSpec = {
  ...shipped.light,
  stages: shipped.light.stages.map((stage) => {
    const [[name, own]] = Object.entries(stage);
    return { [name]: { ...own, keys: limit } } as PipelineSpec['stages'][number];
  }),
};
const shape = { shard: 'bench', channels: ['value'], horizons: [1], levels: [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] };
const started = process.cpuUsage();
await run({
  pipeline: pipelineOf(spec),
  source: fileSource(path, { time: 'time', key: 'key', values: ['value'], shard: 'bench' }),
  sinks: { results: file === undefined ? [] : [sinkOf(file, outputs.results(shape))] },
});
const { user, system } = process.cpuUsage(started);
console.log((user + system) / 1e6);

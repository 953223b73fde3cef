/**
 * What weights are worth that were fitted to the past at once: NYC taxi (in the project), fitted to the rows before a moment, and all
 * judged on the rows after it, which no fit and no setting has seen. Error: mean |error| over mean value, one and five rows ahead.
 *
 *   npm run setup && node dist/bench/pretrain.js [--backend native|wasm|cpu] [--epochs 60] [--json FILE]
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type BackendName,
  backendOf,
  type Event,
  fileSource,
  Lane,
  normalize,
  pipeline,
  pretrain,
  type RememberOptions,
  readWeights,
  remember,
  seasons,
} from '../index.js';

const { values: options } = parseArgs({
  options: { backend: { type: 'string' }, epochs: { type: 'string', default: '60' }, json: { type: 'string' } },
});
const horizons = [1, 5];
const splitMs = Date.UTC(2014, 11, 1);
const source = fileSource('data/nyc_taxi.csv', { time: 'timestamp', values: ['value'] });
const { shards } = await source.open();
const events: Event[] = [];
for await (const { rows } of source.read(shards[0], 0, new AbortController().signal)) events.push(...(rows as Event[]));
const tail = events.findIndex(({ timeMs }) => timeMs >= splitMs);

/** Errors on the rows after the split of a memory that begins at row `from`. */
function errors(given: Omit<RememberOptions, 'horizons'>, from: number): number[] {
  const stages = pipeline('pretrain')
    .through(normalize())
    .through(seasons())
    .through(remember({ ...given, horizons })).stages;
  const lane = new Lane<Event & { prediction: { mean: Float64Array } }>(stages, { name: 's', channels: ['value'] });
  const rows = events.slice(from);
  const means = rows.flatMap((row) =>
    lane
      .push({ shard: 's', rows: [row], rejects: [], next: row.offset + 1 })
      .rows.map(({ prediction }) => prediction.mean),
  );
  lane.close();
  return horizons.map((h, i) => {
    let [sum, size] = [0, 0];
    // The first rows of the tail are judged by nobody: those who begin there have nothing to forecast them from.
    for (let t = tail - from + 48; t < rows.length; t++) {
      sum += Math.abs(means[t - h][i] - rows[t].values[0]);
      size += rows[t].values[0];
    }
    return Number((sum / size).toFixed(4));
  });
}

const backend = await backendOf(options.backend as BackendName | undefined, [
  process.env.ENGRAM_PEERS ?? '.cache/peers',
]);
console.log(
  `TensorFlow.js ${backend.tf.version_core}, backend ${backend.name}; judged on ${events.length - tail - 48} rows\n`,
);
const results: {
  memory: string;
  weights: string;
  begun: string;
  error1: number;
  error5: number;
  fitSeconds?: number;
}[] = [];
const note = (
  memory: string,
  weights: string,
  begun: string,
  [error1, error5]: number[],
  fitSeconds?: number,
): void => {
  results.push({ memory, weights, begun, error1, error5, ...(fitSeconds === undefined ? {} : { fitSeconds }) });
  const seconds = fitSeconds === undefined ? '' : `  fitted in ${fitSeconds} s`;
  console.log(
    `${memory.padEnd(15)} ${weights.padEnd(11)} ${begun.padEnd(18)} ${error1.toFixed(4)} ${error5.toFixed(4)}${seconds}`,
  );
};
console.log(`${'memory'.padEnd(15)} ${'weights'.padEnd(11)} ${'begins'.padEnd(18)} 1 ahead 5 ahead`);
for (const memory of ['last-value', 'seasonal-naive', 'rls'] as const)
  note(memory, '–', 'at the first row', errors({ memory }, 0));
for (const memory of ['lstm', 'mingru', 'minlstm', 'ssm'] as const) {
  const prepared = pipeline('pretrain').through(normalize()).through(seasons());
  const started = process.hrtime.bigint();
  const { bytes } = await pretrain({
    pipeline: prepared.through(remember({ memory, horizons, weights: 'shared' })),
    source,
    backend,
    untilMs: splitMs,
    epochs: Number(options.epochs),
  });
  const seconds = Math.round(Number(process.hrtime.bigint() - started) / 1e9);
  const file = join(mkdtempSync(join(tmpdir(), 'engram-bench-')), `${memory}.engram`);
  writeFileSync(file, bytes);
  note(memory, 'shared', 'after the split', errors({ memory, weights: 'shared' }, tail));
  note(memory, 'pretrained', 'after the split', errors({ memory, weights: await readWeights(file) }, tail), seconds);
  note(memory, 'shared', 'at the first row', errors({ memory, weights: 'shared' }, 0));
  note(memory, 'own', 'at the first row', errors({ memory }, 0));
}
if (options.json) {
  const about = { split: new Date(splitMs).toISOString(), backend: backend.name, tensorflow: backend.tf.version_core };
  writeFileSync(options.json, `${JSON.stringify({ about, results }, null, 1)}\n`);
}

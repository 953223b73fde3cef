/**
 * What noise in the input does to forecasts of taxi demand 2.5 hours ahead (Cui, Ahmad and Hawkins 2016): every value gets a
 * normal error of 2 to 10 % of itself; MAPE over the rows from 10,000 on against the clean truth, and against the noisy one.
 *
 *   npm run setup && node dist/bench/taxi-noise.js --data ../shared/data/nyc_taxi [--memory htm] [--json FILE]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Batch,
  type Event,
  Lane,
  type MemoryName,
  memories,
  normalize,
  pipeline,
  remember,
  seasons,
} from '../index.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/nyc_taxi' },
    memory: { type: 'string', default: 'htm' },
    json: { type: 'string' },
  },
});
if (!Object.hasOwn(memories, options.memory)) {
  throw new RangeError(`--memory: expected one of ${Object.keys(memories).join(', ')}, got ${options.memory}`);
}
const ahead = 5;
const scoredFrom = 10_000;

const rows = readFileSync(join(options.data, 'nyc_taxi.csv'), 'utf8').trim().split('\n').slice(3);
const times = rows.map((row) => Date.parse(`${row.split(',')[0].replace(' ', 'T')}Z`));
const truth = rows.map((row) => Number(row.split(',')[1]));

/** Normal numbers from a seed (Box and Muller). */
function normals(count: number, seed: number): number[] {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

function forecasts(values: readonly number[]): number[] {
  const { stages } = pipeline('noise')
    .through(normalize())
    .through(seasons())
    .through(remember({ memory: options.memory as MemoryName, horizons: [ahead] }));
  const lane = new Lane<Event & { prediction: { mean: Float64Array } }>(stages, { name: 'taxi', channels: ['count'] });
  const events = values.map(
    (value, offset): Event => ({ key: 'taxi', timeMs: times[offset], values: [value], offset }),
  );
  const batch: Batch<Event> = { shard: 'taxi', rows: events, rejects: [], next: events.length };
  // Horizon 1 is always forecast, so the one asked for is the second.
  const means = lane.push(batch).rows.map(({ prediction }) => prediction.mean[1]);
  lane.close();
  return means;
}

function mape(means: readonly number[], against: readonly number[]): number {
  let error = 0;
  let size = 0;
  for (let t = scoredFrom; t + ahead < against.length; t++) {
    error += Math.abs(means[t] - against[t + ahead]);
    size += Math.abs(against[t + ahead]);
  }
  return Number((error / size).toFixed(4));
}

const table = [0, 2, 4, 6, 8, 10].map((percent) => {
  const noise = normals(truth.length, 1 + percent);
  const noisy = truth.map((value, t) => value * (1 + (percent / 100) * noise[t]));
  const means = forecasts(noisy);
  const line = { percent, clean: mape(means, truth), noisy: mape(means, noisy) };
  console.log(`noise ${percent} %: MAPE ${line.clean} against the clean truth, ${line.noisy} against the noisy one`);
  return line;
});
if (options.json) writeFileSync(options.json, `${JSON.stringify({ memory: options.memory, table }, null, 2)}\n`);

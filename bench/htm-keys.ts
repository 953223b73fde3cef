/**
 * A thousand keys of `htm-small` in one process under a stated budget: first a budget that is too small, whose refusal says
 * the sum; then the pipeline driven for real, row by row of all keys in turn, with the resident memory of the process at the
 * end beside the budget, and what happens to one key more. Values are noisy, so that segments grow until the pools are full.
 *
 *   npm run bench:htm-keys [-- --json FILE] [--keys 1000] [--rows 1000]     some seven minutes
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { arena, detect, type Event, interval, Lane, normalize, remember } from '../index.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    keys: { type: 'string', default: '1000' },
    rows: { type: 'string', default: '1000' },
  },
});
const keys = Number(options.keys);
const rows = Number(options.rows);
const stateBytes = 0.4e6 * keys;
const shard = { name: 'keys', channels: ['value'] };
const limit = { limit: keys, whenFull: 'reject' } as const;
const stages = [
  normalize({ keys: limit }),
  remember({ memory: 'htm-small', horizons: [1], keys: limit }),
  interval({ keys: limit }),
  detect({ keys: limit }),
];

/** What a budget that is too small is answered with. */
function refusal(bytes: number): string {
  try {
    new Lane(stages, shard, undefined, { stateBytes: bytes }).close();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`expected ${bytes} bytes to be refused for ${keys} keys, they were taken`);
}

/** A number between -1 and 1 that looks random. */
function noise(seed: number): number {
  let x = Math.imul(seed ^ (seed >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) / 2 ** 31;
}

/** Segments in use: the mean of the keys, and the most of one. */
interface Segments {
  readonly mean: number;
  readonly most: number;
}

/** Which counter of a temporal memory says it. */
const segmentsAt = 6;

/** As they stand in what a checkpoint would save. */
function segmentsOf(running: Lane<Event>): Segments {
  const table = running.save().remember.rows;
  const [names, counters] = ['key', 'temporal.counters'].map((name) => table.getChild(name));
  const each = Array.from({ length: table.numRows }, (_, row) => row)
    .filter((row) => names?.get(row) !== null)
    .map((row): number => counters?.get(row).get(segmentsAt));
  return { mean: each.reduce((sum, n) => sum + n, 0) / each.length, most: Math.max(...each) };
}

const said = refusal(stateBytes / 2);
const before = process.memoryUsage().rss;
arena.limitBytes = stateBytes;
const lane = new Lane<Event>(stages, shard, undefined, { stateBytes });
const start = process.cpuUsage();
let offset = 0;
let refused = 0;
let peak = 0;
let early: { state: number; peak: number } | undefined;
for (let t = 0; t < rows; t++) {
  for (let from = 0; from < keys; from += 250) {
    const batch = Array.from({ length: Math.min(250, keys - from) }, (_, i): Event => {
      const k = from + i;
      // Every key has a cycle of its own length and phase, with a jump now and then.
      const wave = 10 * Math.sin((2 * Math.PI * (t + k)) / (12 + (k % 13)));
      const value = wave + 3 * noise(t * keys + k) + ((t * 31 + k) % 41 === 0 ? 20 : 0);
      return { key: `key-${k}`, timeMs: t * 600_000, values: [value], offset: offset++ };
    });
    refused += lane.push({ shard: 'keys', rows: batch, rejects: [], next: offset }).rejects.length;
  }
  peak = Math.max(peak, process.memoryUsage().rss);
  if (t === 29) early = { state: arena.usedBytes, peak };
}
const { user, system } = process.cpuUsage(start);
const late = segmentsOf(lane);
const mb = (bytes: number): number => Number((bytes / 1e6).toFixed(1));
const extra: Event = { key: 'one more', timeMs: rows * 600_000, values: [1], offset };
const [reject] = lane.push({ shard: 'keys', rows: [extra], rejects: [], next: offset + 1 }).rejects;
if (refused > 0 || reject?.reason !== 'too-many-keys')
  throw new Error('expected all keys to be taken, and one more not');
const figures = {
  'keys of htm-small': keys,
  'budget of state [MB]': stateBytes / 1e6,
  'state in use [MB]': mb(arena.usedBytes),
  'state in use after 30 rows [MB]': early && mb(early.state),
  'resident, process as a whole [MB]': mb(peak),
  'resident after 30 rows [MB]': early && mb(early.peak),
  'resident before the first key [MB]': mb(before),
  'rows of each key': rows,
  'segments of a key, mean': Number(late.mean.toFixed(1)),
  'segments of a key, most (its pool has 1,024)': late.most,
  'processor time of a row, all steps [ms]': Number(((user + system) / 1000 / offset).toPrecision(3)),
  'half the budget is answered with': said,
  'one key more is refused with': reject.message,
};
lane.close();
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(46)} ${value}`);
if (options.json) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);

/**
 * A thousand keys of `htm-small` in one process under a stated budget: first a budget that is too small, whose refusal says
 * the sum; then the pipeline driven for real, row by row of all keys in turn, with the resident memory of the process at the
 * end beside the budget, and what happens to one key more.
 *
 *   npm run bench:htm-keys [-- --json FILE] [--keys 1000] [--rows 60]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { arena, detect, type Event, interval, Lane, normalize, remember } from '../index.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    keys: { type: 'string', default: '1000' },
    rows: { type: 'string', default: '60' },
  },
});
const keys = Number(options.keys);
const rows = Number(options.rows);
const stateBytes = 400e6;
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

const said = refusal(stateBytes / 2);
const before = process.memoryUsage().rss;
arena.limitBytes = stateBytes;
const lane = new Lane<Event>(stages, shard, undefined, { stateBytes });
const start = process.cpuUsage();
let offset = 0;
let refused = 0;
let peak = 0;
for (let t = 0; t < rows; t++) {
  for (let from = 0; from < keys; from += 250) {
    const batch = Array.from({ length: Math.min(250, keys - from) }, (_, i): Event => {
      const k = from + i;
      // Every key has a cycle of its own length and phase, with a jump now and then.
      const value = 10 * Math.sin((2 * Math.PI * (t + k)) / (12 + (k % 13))) + ((t * 31 + k) % 41 === 0 ? 20 : 0);
      return { key: `key-${k}`, timeMs: t * 600_000, values: [value], offset: offset++ };
    });
    refused += lane.push({ shard: 'keys', rows: batch, rejects: [], next: offset }).rejects.length;
  }
  peak = Math.max(peak, process.memoryUsage().rss);
}
const { user, system } = process.cpuUsage(start);
const extra: Event = { key: 'one more', timeMs: rows * 600_000, values: [1], offset };
const [reject] = lane.push({ shard: 'keys', rows: [extra], rejects: [], next: offset + 1 }).rejects;
if (refused > 0 || reject?.reason !== 'too-many-keys')
  throw new Error('expected all keys to be taken, and one more not');
const figures = {
  'keys of htm-small': keys,
  'budget of state [MB]': stateBytes / 1e6,
  'state in use [MB]': Number((arena.usedBytes / 1e6).toFixed(1)),
  'resident, process as a whole [MB]': Number((peak / 1e6).toFixed(1)),
  'resident before the first key [MB]': Number((before / 1e6).toFixed(1)),
  'rows of each key': rows,
  'processor time of a row, all steps [ms]': Number(((user + system) / 1000 / offset).toPrecision(3)),
  'half the budget is answered with': said,
  'one key more is refused with': reject.message,
};
lane.close();
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(44)} ${value}`);
if (options.json) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);

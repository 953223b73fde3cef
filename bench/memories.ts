/**
 * What each memory costs: processor time of `remember` per event, and bytes of state per key, on the taxi log (one channel).
 * Processor time, not wall time, so that what else the machine does counts less.
 *
 *   npm run setup && node dist/bench/memories.js [--runs 3] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  arena,
  type Event,
  fileSource,
  Lane,
  type MemoryName,
  memories,
  normalize,
  type Pipeline,
  pipeline,
  remember,
  seasons,
} from '../index.js';

const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, json: { type: 'string' } },
});
const runs = Number(options.runs);
const shard = { name: 'nyc_taxi', channels: ['value'] };
const source = fileSource('data/nyc_taxi.csv', { time: 'timestamp', values: ['value'] });
const { shards } = await source.open();
const batches: (readonly Event[])[] = [];
for await (const { rows } of source.read(shards[0] as string, 0, new AbortController().signal)) batches.push(rows);
const events = batches.reduce((sum, rows) => sum + rows.length, 0);

/** Microseconds per event, the least of several runs, and bytes of state. */
function cost({ stages }: Pipeline): { micros: number; bytes: number } {
  let micros = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (let i = 0; i < runs; i++) {
    const before = arena.usedBytes;
    const lane = new Lane(stages, shard);
    const started = process.cpuUsage();
    for (const rows of batches) {
      lane.push({ shard: shard.name, rows, rejects: [], next: (rows.at(-1)?.offset ?? 0) + 1 });
    }
    micros = Math.min(micros, process.cpuUsage(started).user / events);
    bytes = arena.usedBytes - before;
    lane.close();
  }
  return { micros, bytes };
}

const before = pipeline('before').through(normalize()).through(seasons());
// The steps before are measured again with every memory, and first until they are optimised: their cost is taken off.
for (let i = 0; i < 5; i++) cost(before);
const results: { memory: string; horizons: string; microsPerEvent: number; bytesPerKey: number }[] = [];
console.log(`${events} events, the least of ${runs} runs, Node ${process.versions.node}\n`);
for (const memory of Object.keys(memories) as MemoryName[]) {
  for (const [name, horizons] of [
    ['1', [1]],
    ['1,5,48', [1, 5, 48]],
    ['1..48', Array.from({ length: 48 }, (_, i) => i + 1)],
  ] as const) {
    const all = cost(before.through(remember({ memory, horizons })));
    const base = cost(before);
    const microsPerEvent = Number(Math.max(0, all.micros - base.micros).toFixed(1));
    const bytesPerKey = all.bytes - base.bytes;
    results.push({ memory, horizons: name, microsPerEvent, bytesPerKey });
    const [micros, bytes] = [microsPerEvent.toFixed(1).padStart(8), bytesPerKey.toLocaleString('en').padStart(11)];
    console.log(`${memory.padEnd(16)} horizons ${name.padEnd(8)} ${micros} µs/event ${bytes} B/key`);
  }
}
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);

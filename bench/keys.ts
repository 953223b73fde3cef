/**
 * What many keys cost with weights of their own and with one net for all: bytes of state per key, and events a second through
 * `remember` alone on one core, keys taking turns, batches of 256. Processor time, so that what else the machine does counts less.
 *
 *   npm run setup && node dist/bench/keys.js [--memory NAME] [--json FILE]
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { arena, type Event, Lane, pipeline, type RememberOptions, remember } from '../index.js';

const { values: options } = parseArgs({ options: { memory: { type: 'string' }, json: { type: 'string' } } });
const memories = (['lstm', 'mingru', 'minlstm', 'ssm'] as const).filter((name) => name === (options.memory ?? name));
const rows = 256;
const results: { memory: string; weights: string; keys: number; bytesPerKey: number; eventsPerSecond: number }[] = [];

function measure(given: Omit<RememberOptions, 'horizons'>, keys: number, rounds: number): void {
  const before = arena.usedBytes;
  const { stages } = pipeline('keys').through(remember({ ...given, horizons: [1] }));
  const lane = new Lane(stages, { name: 'keys', channels: ['value'] });
  const warm = Math.min(20, rounds >> 1);
  let offset = 0;
  let micros = 0;
  for (let t = 0; t < rounds; t++) {
    const all = Array.from({ length: keys }, (_, k): Event => {
      const value = Math.sin((t + k) * 0.13) + 0.1 * Math.sin(t * k * 12.9);
      return { key: `k${k}`, timeMs: t * 600_000, values: [value], offset: offset++ };
    });
    const started = process.cpuUsage();
    for (let from = 0; from < keys; from += rows) {
      const some = all.slice(from, from + rows);
      lane.push({ shard: 'keys', rows: some, rejects: [], next: (some.at(-1)?.offset ?? 0) + 1 });
    }
    if (t >= warm) micros += process.cpuUsage(started).user;
  }
  const result = {
    memory: given.memory,
    weights: given.weights as string,
    keys,
    bytesPerKey: Math.round((arena.usedBytes - before) / keys),
    eventsPerSecond: Math.round(((rounds - warm) * keys * 1e6) / micros),
  };
  lane.close();
  results.push(result);
  const { bytesPerKey, eventsPerSecond } = result;
  const numbers = [keys, bytesPerKey, eventsPerSecond].map((n) => n.toLocaleString('en').padStart(12)).join('');
  console.log(`${given.memory.padEnd(10)} ${result.weights.padEnd(8)}${numbers}`);
}

console.log(
  `${'memory'.padEnd(10)} ${'weights'.padEnd(8)}${['keys', 'bytes/key', 'events/s'].map((s) => s.padStart(12)).join('')}`,
);
for (const memory of memories) {
  measure({ memory, weights: 'own' }, 1000, 60);
  measure({ memory, weights: 'shared' }, 1000, 100);
  measure({ memory, weights: 'shared' }, 10_000, 60);
}
if (options.json) {
  // What was not measured now stays as it was.
  const before = existsSync(options.json) ? (JSON.parse(readFileSync(options.json, 'utf8')) as typeof results) : [];
  const kept = before.filter(({ memory }) => !(memories as readonly string[]).includes(memory));
  writeFileSync(options.json, `${JSON.stringify([...kept, ...results], null, 1)}\n`);
}

/**
 * Bytes of state of one key of every memory, in memory and in a checkpoint, at the channels and horizons of four benchmarks.
 *
 *   npm run setup && node dist/bench/footprint.js [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { footprint, type MemoryName, memories } from '../index.js';

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const asked = [
  { benchmark: 'pems', channels: upTo(1).map(String), horizons: [1] },
  { benchmark: 'hotgym', channels: upTo(1).map(String), horizons: [1, 24] },
  { benchmark: 'traffic-eighth', channels: upTo(1).map(String), horizons: upTo(12) },
  { benchmark: 'etth1', channels: upTo(7).map(String), horizons: upTo(48) },
];
const results = [];
for (const memory of Object.keys(memories) as MemoryName[]) {
  for (const { benchmark, channels, horizons } of asked) {
    const bytes = footprint(memory, { channels, horizons });
    results.push({ benchmark, memory, ...bytes });
    const [state, checkpoint] = [bytes.stateBytes, bytes.checkpointBytes].map((n) =>
      n.toLocaleString('en').padStart(13),
    );
    console.log(`${memory.padEnd(16)} ${benchmark.padEnd(16)} ${state} B in memory ${checkpoint} B in a checkpoint`);
  }
}
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);

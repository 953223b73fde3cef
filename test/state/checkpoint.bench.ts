import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import { slabTable } from '../../state/arrow.js';
import { frame, unframe } from '../../state/checkpoint.js';
import { f64 } from '../../state/layout.js';
import { openSlab } from '../../state/open.js';
import { Slab } from '../../state/slab.js';
import { FileStore } from '../../state/stores/file.js';
import { filled, owner, sampleCheckpoint } from './samples.js';

// Run with: npx vitest bench --run test/state

const layout = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`part${i}`, f64(16)]));
const names = Array.from({ length: 10_000 }, (_, i) => `sensor-${i}`);
const { slab, keys } = filled(layout, names);
const live = () =>
  sampleCheckpoint({ stages: { remember: { rows: slabTable(slab, keys, owner) } }, next: 0, shard: 'bench' });
const bytes = frame(live());
const folder = mkdtempSync(join(tmpdir(), 'engram-bench-'));
const store = new FileStore(folder);
let next = 0;
afterAll(() => rmSync(folder, { recursive: true }));

describe(`a checkpoint of 10,000 keys with 16 columns, 2 kB each: ${(bytes.length / 1e6).toFixed(1)} MB`, () => {
  const options = { time: 2000, iterations: 10, warmupIterations: 3 };
  bench('frame: the pause of the lane', () => void frame(live()), options);
  bench('FileStore.save: frame, write, sync', async () => store.save({ ...live(), next: ++next }), options);
  bench('unframe: every byte checked', () => void unframe(bytes), options);
  bench(
    'openSlab: rows and keys ready to go on',
    () => {
      const again = new Slab(layout);
      openSlab(again, unframe(bytes).stages.remember ?? {}, 'rows', owner, { limit: 10_000, whenFull: 'evict' });
      again.free();
    },
    options,
  );
});

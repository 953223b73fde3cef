import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { slabTable } from '../../state/arrow.js';
import type { Checkpoint } from '../../state/checkpoint.js';
import { columns, describe as describeLayout, type Layout } from '../../state/layout.js';
import type { Slab } from '../../state/slab.js';
import { FileStore } from '../../state/stores/file.js';
import { filled, owner, sampleCheckpoint, sampleLayout } from './samples.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pythons = ['.cache/venv/bin/python', '.cache/venv/Scripts/python.exe'].map((path) => join(root, path));
const python = process.env.ENGRAM_PYTHON ?? pythons.find((path) => existsSync(path)) ?? 'python3';
const found = spawnSync(python, ['-c', 'import pyarrow; print(pyarrow.__version__)'], { encoding: 'utf8' });
const missing = found.status !== 0;
const advice =
  `${python} cannot import pyarrow: python3 -m venv .cache/venv && .cache/venv/bin/pip install pyarrow, ` +
  'or name another Python in ENGRAM_PYTHON';

/** The bytes of one column of all rows, one row after another. */
function columnHex<L extends Layout>(slab: Slab<L>, path: string): string {
  return Array.from({ length: slab.length }, (_, index) => {
    const part = path
      .split('.')
      .reduce<unknown>((row, name) => (row as Record<string, unknown>)[name], slab.row(index));
    const { buffer, byteOffset, byteLength } = part as Uint8Array;
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('hex');
  }).join('');
}

test('pyarrow is there where tests must not be skipped', () => {
  if (missing) console.warn(`NOT TESTED: that pyarrow opens a checkpoint. ${advice}`);
  if (process.env.CI === 'true') expect(missing, advice).toBe(false);
});

test.skipIf(missing)(
  'pyarrow opens a checkpoint and finds every column as it lives, bit by bit',
  async () => {
    const names = Array.from({ length: 3000 }, (_, i) => (i === 7 ? '' : `sensor ${i} 温度 \ufeff`));
    const { slab, keys } = filled(sampleLayout, names, 3);
    keys.drop('sensor 100 温度 \ufeff');
    const few = filled(sampleLayout, ['only'], 4);
    const none = filled(sampleLayout, []);
    const bundle = (of: typeof few) => ({ rows: slabTable(of.slab, of.keys, owner) });
    const checkpoint: Checkpoint = sampleCheckpoint({
      stages: { many: bundle({ slab, keys }), few: bundle(few), none: bundle(none) },
    });
    const folder = mkdtempSync(join(tmpdir(), 'engram-pyarrow-'));
    const store = new FileStore(folder);
    await store.save(checkpoint);
    const path = join(store.folderOf('log-0'), readdirSync(store.folderOf('log-0'))[0] as string);
    const script = fileURLToPath(new URL('read_checkpoint.py', import.meta.url));
    const run = spawnSync(python, [script, path], { encoding: 'utf8', maxBuffer: 1 << 28 });
    expect(run.stderr).toBe('');
    const read = JSON.parse(run.stdout);
    expect(read.manifest.metadata).toEqual({
      checkpoint: JSON.stringify({ shard: 'log-0', next: 100, ended: false, sinks: checkpoint.sinks }),
      pipeline: checkpoint.pipeline,
    });
    const file = readFileSync(path);
    for (const { offset, length, crc32: sum } of read.manifest.rows) {
      expect(crc32(file.subarray(offset, offset + length))).toBe(sum);
    }
    expect(read.walked).toBe(true);
    const arrowTypes = { f64: 'double', f32: 'float', i32: 'int32', u32: 'uint32', u8: 'uint8' } as const;
    for (const [i, live] of [{ slab, keys }, few, none].entries()) {
      const table = read.tables[i];
      expect([table.stage, table.table, table.rows]).toEqual([['many', 'few', 'none'][i], 'rows', live.slab.length]);
      expect(table.metadata).toEqual({ stage: owner.id, version: owner.version, layout: describeLayout(sampleLayout) });
      const [key, rank, ...rest] = table.columns;
      expect(key).toEqual({ name: 'key', type: 'string', data: [...live.keys.names] });
      expect([rank.name, rank.type, rank.data.length]).toEqual(['rank', 'uint32', live.slab.length * 8]);
      const wanted = columns(sampleLayout).map(({ path, of, length }) => ({
        name: path,
        type: length === 1 ? arrowTypes[of] : `fixed_size_list<item: ${arrowTypes[of]} not null>[${length}]`,
        data: columnHex(live.slab, path),
      }));
      expect(rest).toEqual(wanted);
    }
    console.log(`pyarrow ${found.stdout.trim()} read ${file.length} bytes: every column as it lives`);
    rmSync(folder, { recursive: true });
  },
  60_000,
);

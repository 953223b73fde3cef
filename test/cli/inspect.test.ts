import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../cli/failure.js';
import { type InspectOptions, inspect } from '../../cli/inspect.js';
import { slabTable } from '../../state/arrow.js';
import type { Checkpoint } from '../../state/checkpoint.js';
import { Keys } from '../../state/keys.js';
import { f64, u32 } from '../../state/layout.js';
import { Slab } from '../../state/slab.js';
import { FileStore } from '../../state/stores/file.js';

const root = mkdtempSync(join(tmpdir(), 'engram-inspect-'));
afterAll(() => rmSync(root, { recursive: true }));

const layout = { mean: f64(), weights: f64(12), seen: u32() };

/** State of two steps: one with a row per key, one with a row for all. */
function checkpoint(
  next: number,
  names: readonly string[],
  change: (slab: Slab<typeof layout>) => void = () => {},
): Checkpoint {
  const slab = new Slab(layout);
  const keys = new Keys();
  names.forEach((name, i) => {
    keys.admit(name);
    const row = slab.row(slab.add());
    row.mean[0] = i + 0.5;
    row.weights.set(Array.from({ length: 12 }, (_, j) => i * 100 + j));
    row.seen[0] = next;
  });
  change(slab);
  const shared = new Slab({ total: f64() });
  shared.row(shared.add()).total[0] = names.length;
  const owner = { id: 'remember', version: 'last-value 1' };
  return {
    shard: 'taxi.csv',
    next,
    ended: next >= 300,
    pipeline: JSON.stringify({ name: 'sensor-anomaly', stages: [] }),
    stages: { remember: { rows: slabTable(slab, keys, owner), shared: slabTable(shared, undefined, owner) } },
    sinks: { 'out/forecasts.ndjson': next * 10 },
  };
}

const names = ['machine-1', 'machine-2', 'a b '];
let folder = '';

async function saved(name: string, ...checkpoints: Checkpoint[]): Promise<string> {
  const store = new FileStore(join(root, name));
  for (const each of checkpoints) await store.save(each);
  for (const shard of readdirSync(store.folder)) {
    for (const file of readdirSync(join(store.folder, shard))) {
      utimesSync(join(store.folder, shard, file), 1_750_000_000, 1_750_000_000);
    }
  }
  return store.folder;
}

async function run(options: InspectOptions): Promise<{ code: number; text: string }> {
  let text = '';
  const code = await inspect(options, (part) => {
    text += part;
  });
  return { code, text: text.replaceAll(root, '') };
}

const refused = async (options: InspectOptions): Promise<string> => {
  const error = await run(options).catch((error) => error);
  expect(error).toBeInstanceOf(UsageError);
  return (error as Error).message.replaceAll(root, '');
};

beforeAll(async () => {
  folder = await saved('state', ...[100, 200, 300].map((next) => checkpoint(next, names)));
});

describe('inspect', () => {
  test('shows generations, steps, keys, bytes and outputs', async () => {
    const { code, text } = await run({ path: folder });
    expect(code).toBe(0);
    expect(text).toBe(`shard taxi.csv in /state/${readdirSync(folder)[0]}

offset  bytes  written (UTC)        state
──────  ─────  ───────────────────  ───────────────────────────────────────────
   300  3,968  2025-06-15 15:06:40  complete, the newest: a run goes on from it
   200  3,968  2025-06-15 15:06:40  complete
   100  3,968  2025-06-15 15:06:40  complete

pipeline sensor-anomaly, 3 keys, 108 bytes of state per key, the log was complete here

step      table   rows  keys  columns  bytes per row  bytes  version
────────  ──────  ────  ────  ───────  ─────────────  ─────  ────────────
remember  rows       3     3        3            108    324  last-value 1
remember  shared     1     0        1              8      8  last-value 1

outputs, and how far each was written:
  out/forecasts.ndjson  3,000
`);
  });

  test('--full adds the columns; one shard’s folder and one file do as well', async () => {
    const shard = join(folder, readdirSync(folder)[0] as string);
    expect((await run({ path: folder, full: true })).text).toContain(
      'columns of remember rows:\n  mean: f64[1]\n  weights: f64[12]\n  seen: u32[1]\n',
    );
    expect((await run({ path: shard })).text).toBe((await run({ path: folder })).text);
    const { text } = await run({ path: join(shard, '0000000000000200.engram') });
    expect(text).toContain('complete, the newest');
    expect(text).toContain('the log went on');
  });

  test('says why a file is no checkpoint, and changes nothing', async () => {
    const path = await saved('broken', ...[100, 200, 300].map((next) => checkpoint(next, names)));
    const shard = join(path, readdirSync(path)[0] as string);
    const file = (next: number) => join(shard, `0000000000000${next}.engram`);
    writeFileSync(file(300), readFileSync(file(300)).subarray(0, 1000));
    copyFileSync(file(200), `${file(400)}.ahead`);
    writeFileSync(`${file(500)}.damaged`, 'x');
    copyFileSync(file(100), file(250));
    const before = readdirSync(shard);
    const { text } = await run({ path });
    expect(text).toMatch(/ 500 .* expected at least 64 bytes, found 1: the file was cut/);
    expect(text).toMatch(/ 200 .* set aside: a later run went back behind it/);
    expect(text).toMatch(/ 300 .* expected \d+ bytes, found 1000: the file was cut or grew/);
    expect(text).toMatch(/ 100 .* expected offset 250, found 100: the file was renamed/);
    expect(text).toMatch(/ 200 .* complete, the newest: a run goes on from it/);
    expect(readdirSync(shard)).toEqual(before);
    for (const next of [100, 200, 250]) writeFileSync(file(next), 'x');
    rmSync(`${file(400)}.ahead`);
    expect((await run({ path })).text).toContain('No complete checkpoint: a run stops here');
    expect(await refused({ path, key: 'machine-1' })).toContain('expected a complete checkpoint, found none: ');
  });

  test('--json says the same for programs', async () => {
    const [shard] = JSON.parse((await run({ path: folder, json: true })).text);
    expect(shard.shard).toBe('taxi.csv');
    expect(
      shard.generations.map(({ next, complete }: { next: number; complete: boolean }) => [next, complete]),
    ).toEqual([
      [300, true],
      [200, true],
      [100, true],
    ]);
    expect(shard.generations[0].tables[0]).toEqual({
      stage: 'remember',
      table: 'rows',
      version: 'last-value 1',
      rows: 3,
      keys: 3,
      rowBytes: 108,
      columns: [
        { path: 'mean', of: 'f64', length: 1 },
        { path: 'weights', of: 'f64', length: 12 },
        { path: 'seen', of: 'u32', length: 1 },
      ],
    });
  });

  test('a name cannot move the cursor', async () => {
    const path = await saved('names', checkpoint(10, ['\u001b[2Jred', '\u202eabc']));
    const { text } = await run({ path, key: '\u001b[2Jred' });
    expect(text).toContain('key "\\u001b[2Jred" of shard taxi.csv');
    expect((await run({ path, key: '\u202eabc' })).text).toContain('key "\\u{202e}abc"');
  });
});

describe('inspect --key', () => {
  test('shows what every step remembers of it; long columns are summed up', async () => {
    expect((await run({ path: folder, key: 'machine-2' })).text).toBe(`key machine-2 of shard taxi.csv at offset 300

remember: row 1, number 2 of the last used of 3 keys
  mean: f64         1.5
  weights: f64[12]  100 101 102 103 …  (least 100, mean 105.5, most 111)
  seen: u32         300
`);
  });

  test('--full shows every number, --json too', async () => {
    const weights = Array.from({ length: 12 }, (_, i) => 200 + i);
    expect((await run({ path: folder, key: 'a b ', full: true })).text).toContain(
      `weights: f64[12]  ${weights.join(' ')}\n`,
    );
    const [found] = JSON.parse((await run({ path: folder, key: 'a b ', json: true })).text);
    expect(found.steps[0].columns.weights).toEqual(weights);
  });

  test('missing numbers and constants are told', async () => {
    const path = await saved(
      'nan',
      checkpoint(10, names, (slab) => {
        slab.row(0).weights.fill(Number.NaN);
        slab.row(1).weights.fill(0);
        slab.row(2).weights[3] = Number.NaN;
        slab.row(2).mean[0] = Number.POSITIVE_INFINITY;
      }),
    );
    expect((await run({ path, key: names[0] })).text).toContain('weights: f64[12]  all NaN');
    expect((await run({ path, key: names[1] })).text).toContain('weights: f64[12]  all 0');
    expect((await run({ path, key: names[2] })).text).toContain('(least 200, mean 205.7, most 211, 1 NaN)');
    expect(JSON.parse((await run({ path, key: names[2], json: true })).text)[0].steps[0].columns.mean).toEqual([
      'Infinity',
    ]);
  });

  test('an unknown key names the nearest', async () => {
    expect(await refused({ path: folder, key: 'machine-3' })).toBe(
      '--key: expected a key the state knows, got machine-3 (did you mean "machine-1"?): it holds 3 keys, such as "a b ", machine-1, machine-2',
    );
    const empty = await saved('empty', checkpoint(1, []));
    expect(await refused({ path: empty, key: 'x' })).toContain('it holds no key at all');
  });
});

describe('inspect --diff', () => {
  test('the same state is the same, and the code is 0', async () => {
    const other = await saved('same', checkpoint(300, names));
    const { code, text } = await run({ path: folder, diff: other });
    expect([code, text.split('\n').at(-2)]).toEqual([0, 'The same, number by number.']);
  });

  test('outputs of other names are no difference', async () => {
    const made = checkpoint(300, names);
    const other = await saved('renamed', { ...made, sinks: { 'elsewhere/f.ndjson': 9 } });
    expect((await run({ path: folder, diff: other })).code).toBe(0);
  });

  test('lists what differs, the largest first, and the code is 1', async () => {
    const other = await saved(
      'other',
      checkpoint(250, ['machine-1', 'machine-2', 'new'], (slab) => {
        slab.row(0).mean[0] = 0.5 + 2 ** -40;
        slab.row(1).weights[3] = 1e6;
        slab.row(1).weights[4] = Number.NaN;
        for (const row of [0, 1]) slab.row(row).seen[0] = 300;
      }),
    );
    const { code, text } = await run({ path: folder, diff: other });
    expect(code).toBe(1);
    expect(text.split('\n').slice(3).join('\n')).toBe(`offset: 300 on the left, 250 on the right
log complete: yes on the left, no on the right
output out/forecasts.ndjson: 3000 on the left, 2500 on the right
remember rows: 1 key only on the left: "a b "
remember rows: 1 key only on the right: new

2 columns of rows differ, the largest differences first:

step      table  key        column    differ  left               right     apart
────────  ─────  ─────────  ───────  ───────  ────  ──────────────────  ────────
remember  rows   machine-2  weights  2 of 12   104                 NaN         ∞
remember  rows   machine-1  mean      1 of 1   0.5  0.5000000000009095  9.09e-13
`);
    const one = await run({ path: folder, diff: other, key: 'machine-1', json: true });
    const found = JSON.parse(one.text);
    expect([one.code, found.same, found.notes, found.differences.length]).toEqual([1, false, [], 1]);
    expect(found.differences[0]).toMatchObject({
      column: 'mean',
      left: 0.5,
      right: 0.5 + 2 ** -40,
      distance: 2 ** -40,
    });
    const shard = join(folder, readdirSync(folder)[0] as string);
    const files = readdirSync(shard).map((name) => join(shard, name));
    expect((await run({ path: files[0] as string, diff: files[1] as string })).text).toContain(
      '3 columns of rows differ',
    );
  });

  test('−0 is not 0, a NaN is a NaN, and more than forty are only counted', async () => {
    const many = Array.from({ length: 50 }, (_, i) => `key ${i}`);
    const fill = (value: number) => (slab: Slab<typeof layout>) => {
      for (let i = 0; i < 50; i++) slab.row(i).mean[0] = value;
    };
    const [zero, minus, nan, again] = await Promise.all(
      [0, -0, Number.NaN, Number.NaN].map((value, i) => saved(`many-${i}`, checkpoint(9, many, fill(value)))),
    );
    const { text } = await run({ path: zero!, diff: minus! });
    expect(text).toContain('50 columns of rows differ');
    expect(text).toMatch(/ {2}1 of 1 {2} +0 +-0 +0\nand 10 more: --full lists them all\n$/);
    expect((await run({ path: zero!, diff: minus!, full: true })).text.split('\n')).toHaveLength(58);
    expect((await run({ path: nan!, diff: again! })).code).toBe(0);
  });

  test('another layout, step, order of use or number of shards is told', async () => {
    const base = checkpoint(300, names);
    const { rows, shared } = base.stages.remember as { rows: never; shared: never };
    const reordered = new Keys({ limit: 9, whenFull: 'evict' });
    for (const name of names) reordered.admit(name);
    reordered.find('machine-1');
    const slab = new Slab(layout);
    for (let i = 0; i < 3; i++) slab.add();
    const order = slabTable(slab, reordered, { id: 'remember', version: 'last-value 2' });
    const different = await saved('different', {
      ...base,
      stages: { remember: { rows: order, shared: rows }, detect: { shared } },
    });
    const { text } = await run({ path: folder, diff: different });
    expect(text).toContain('remember rows: version last-value 1 on the left, last-value 2 on the right');
    expect(text).toContain('remember rows: the keys were not used in the same order');
    expect(text).toContain('remember shared: not the same layout (inspect --full of each shows them)');
    expect(text).toContain('detect shared: only on the right');
    const shards = await saved('shards', base, { ...base, shard: 'other.csv' });
    const both = await run({ path: shards, diff: folder });
    expect([both.code, both.text.includes('shard other.csv is only on the left')]).toEqual([1, true]);
    expect((await run({ path: shards })).text).toContain('\n\nshard taxi.csv in');
  });
});

describe('a wrong path', () => {
  test('says what is there instead', async () => {
    mkdirSync(join(root, 'home/state'), { recursive: true });
    expect(await refused({ path: join(root, 'home/stat') })).toBe(
      '/home/stat: expected a state folder or a checkpoint, there is none (did you mean "state"?); in /home there is state',
    );
    expect(await refused({ path: join(root, 'no/where') })).toBe(
      '/no/where: expected a state folder or a checkpoint, there is none, nor a folder /no',
    );
    mkdirSync(join(root, 'hollow'));
    expect(await refused({ path: join(root, 'hollow') })).toBe(
      '/hollow: expected checkpoints (….engram) in it or one folder below, found nothing',
    );
    expect(await refused({ path: folder, diff: join(root, 'hollow') })).toContain('/hollow: expected checkpoints');
  });

  test('a file that is no checkpoint says so', async () => {
    writeFileSync(join(root, 'log.csv'), 'a,b\n'.repeat(40));
    const { text } = await run({ path: join(root, 'log.csv') });
    expect(text).toContain('expected a file that begins with ENGRAM');
    expect(await refused({ path: join(root, 'log.csv'), key: 'a' })).toContain(
      'found none: expected a file that begins',
    );
  });
});

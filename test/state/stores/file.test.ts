import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StateMismatch } from '../../../state/arrow.js';
import { type Checkpoint, DamagedCheckpoint, frame, unframe } from '../../../state/checkpoint.js';
import { FileStore, type FileStoreOptions, StoreFailure } from '../../../state/stores/file.js';
import { numbersFrom, sampleBundle, sampleCheckpoint } from '../samples.js';
import { Crash, type Fault, FaultyDisk } from './faulty-disk.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'engram-store-'));
  folders.push(folder);
  return folder;
}

const at = (next: number, shard = 'log-0'): Checkpoint =>
  sampleCheckpoint({ shard, next, stages: { remember: sampleBundle(['a', 'b'], next) } });
/** The checkpoints and bytes of `log-0`, made once: the tests with faults save them thousands of times. */
const made = new Map<number, { checkpoint: Checkpoint; bytes: Uint8Array }>();
function known(next: number): { checkpoint: Checkpoint; bytes: Uint8Array } {
  const checkpoint = made.get(next)?.checkpoint ?? at(next);
  const entry = made.get(next) ?? { checkpoint, bytes: frame(checkpoint) };
  made.set(next, entry);
  return entry;
}
const same = (one: Checkpoint | undefined, next: number): boolean =>
  one !== undefined && Buffer.compare(frame(one), known(next).bytes) === 0;
const quiet: FileStoreOptions = { onDamaged: () => {}, onWarning: () => {} };

async function savedStore(offsets: number[], options: FileStoreOptions = {}) {
  const store = new FileStore(newFolder(), options);
  for (const next of offsets) await store.save(at(next));
  return { store, folder: store.folderOf('log-0'), again: (more = quiet) => new FileStore(store.folder, more) };
}

describe('FileStore', () => {
  test('what was saved is loaded by the next process, and the three newest are kept', async () => {
    const { store, folder, again } = await savedStore([0, 10, 20, 30, 40]);
    expect(readdirSync(folder).sort()).toEqual([
      '0000000000000020.engram',
      '0000000000000030.engram',
      '0000000000000040.engram',
    ]);
    expect(same(await again().load('log-0'), 40)).toBe(true);
    expect(same(await again().load('log-0', 39), 30)).toBe(true);
    expect(await again().load('log-0', 19)).toBeUndefined();
    expect(same(await store.load('log-0'), 40)).toBe(true);
  });

  test('what is retired stays beside, is in the way of no save, shared or not, and never comes back', async () => {
    for (const shared of [true, false]) {
      const { folder, again } = await savedStore([40, 60, 80]);
      writeFileSync(join(folder, '0000000000000090.engram.damaged'), 'x');
      const store = again({ ...quiet, shared });
      expect(await store.retire('log-0')).toEqual([40, 60, 80]);
      expect(await store.load('log-0')).toBeUndefined();
      await store.save(at(5));
      expect(readdirSync(folder).filter((name) => name.endsWith('.retired'))).toHaveLength(4);
      expect(same(await again().load('log-0'), 5)).toBe(true);
      expect(await store.retire('log-1')).toEqual([]);
    }
  });

  test('a shard that was never saved has no checkpoint, and nothing is made for it', async () => {
    const store = new FileStore(join(newFolder(), 'deeper'));
    expect(await store.load('log-0')).toBeUndefined();
    await store.save(at(5));
    expect(same(await store.load('log-0'), 5)).toBe(true);
  });

  test('shards of any name stay apart, inside the folder', async () => {
    const shards = ['a/b', 'a_b', '../../etc/passwd', '', '..', 'é', 'A', 'a', 'x'.repeat(500), 'CON', 'a\u0000b'];
    const store = new FileStore(newFolder());
    for (const [i, shard] of shards.entries()) await store.save(at(i, shard));
    expect(new Set(readdirSync(store.folder).map((name) => name.toLowerCase())).size).toBe(shards.length);
    for (const [i, shard] of shards.entries()) expect((await store.load(shard))?.next).toBe(i);
  });

  test('more generations are kept if told so; fewer than three are refused', async () => {
    const { folder } = await savedStore([1, 2, 3, 4, 5, 6], { generations: 5 });
    expect(readdirSync(folder)).toHaveLength(5);
    for (const generations of [2, 0, 3.5, Number.NaN]) {
      expect(() => new FileStore('x', { generations })).toThrow('generations: expected a whole number of at least 3');
    }
  });

  test('the same offset may be saved again, for instance when the log turns out to have ended', async () => {
    const { store, folder } = await savedStore([10, 20]);
    await store.save({ ...at(20), ended: true });
    expect((await store.load('log-0'))?.ended).toBe(true);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  test('it refuses to go backwards', async () => {
    const { store, again } = await savedStore([10, 20]);
    await expect(store.save(at(19))).rejects.toThrow(
      'shard log-0: expected to go on from offset 20, the newest this run knows, got a checkpoint at 19: another process',
    );
    await expect(again().save(at(19))).rejects.toThrow('got a checkpoint at 19');
  });

  test('shared: what an owner before left in passing is taken over, and whoever was overtaken is still refused', async () => {
    const { store: before, folder } = await savedStore([10, 20]);
    const mine = new FileStore(dirname(folder), { shared: true });
    await mine.load('log-0');
    // The owner before me had begun to save when I loaded.
    await before.save(at(30));
    await mine.save(at(40));
    await mine.save(at(50));
    expect(readdirSync(folder).sort()).toEqual([30, 40, 50].map((next) => `${String(next).padStart(16, '0')}.engram`));
    const late = new FileStore(dirname(folder), { shared: true });
    await late.load('log-0', 30);
    await mine.save(at(60));
    await expect(late.save(at(45))).rejects.toThrow('got a newer one at 60');
    expect((await late.load('log-0'))?.next).toBe(60);
  });

  test('of two processes on one folder, the one that was overtaken is refused', async () => {
    const { store, folder, again } = await savedStore([10, 20]);
    const other = again();
    await other.load('log-0');
    await other.save(at(30));
    for (const next of [25, 30, 40]) {
      await expect(store.save(at(next))).rejects.toThrow(`got a newer one at 30 in ${folder}: another process writes`);
    }
    await other.save(at(50));
    expect(same(await again().load('log-0'), 50)).toBe(true);
  });

  test('a run that goes back on purpose sets aside what lies ahead', async () => {
    const { folder, again } = await savedStore([10, 20, 30]);
    const store = again();
    expect(same(await store.load('log-0', 15), 10)).toBe(true);
    await store.save(at(12));
    expect(readdirSync(folder).sort()).toEqual([
      '0000000000000010.engram',
      '0000000000000012.engram',
      '0000000000000020.engram.ahead',
      '0000000000000030.engram.ahead',
    ]);
    expect(same(await again().load('log-0'), 12)).toBe(true);
  });

  test('leftovers of a crash are removed when it is loaded', async () => {
    const { folder, again } = await savedStore([10]);
    writeFileSync(join(folder, '0000000000000020.engram.77.tmp'), 'half');
    expect(same(await again().load('log-0'), 10)).toBe(true);
    expect(readdirSync(folder)).toEqual(['0000000000000010.engram']);
  });

  test('files of others are left alone', async () => {
    const { folder, again } = await savedStore([10]);
    for (const name of ['notes.txt', '20.engram', '000000000000002x.engram']) writeFileSync(join(folder, name), 'x');
    const store = again();
    await store.load('log-0');
    for (const next of [20, 30, 40, 50]) await store.save(at(next));
    expect(readdirSync(folder)).toHaveLength(6);
  });
});

describe('damage on disk', () => {
  test('every damaged generation is set aside and reported, and the newest undamaged is used', async () => {
    const { folder, again } = await savedStore([10, 20, 30]);
    const [second, third] = ['0000000000000020.engram', '0000000000000030.engram'].map((name) => join(folder, name));
    writeFileSync(third!, readFileSync(third!).subarray(0, 500));
    const flipped = readFileSync(second!);
    flipped[flipped.length - 700]! ^= 4;
    writeFileSync(second!, flipped);
    const told: string[] = [];
    const store = again({ onDamaged: (path, error) => told.push(`${path}: ${error.message}`) });
    expect(same(await store.load('log-0'), 10)).toBe(true);
    expect(told).toEqual([
      expect.stringMatching(/030\.engram: expected \d+ bytes, found 500: the file was cut or grew/),
      expect.stringMatching(/020\.engram: the checksum of table remember \w+ does not fit/),
    ]);
    await store.save(at(15));
    await store.save(at(30));
    expect(readdirSync(folder).sort()).toEqual([
      '0000000000000010.engram',
      '0000000000000015.engram',
      '0000000000000020.engram.damaged',
      '0000000000000030.engram',
      '0000000000000030.engram.damaged',
    ]);
  });

  test('a checkpoint cut at every byte, and 2,000 with a flipped bit: the one before is loaded', async () => {
    const disk = new FaultyDisk();
    const store = new FileStore('/state', { disk });
    for (const next of [10, 20]) await store.save(known(next).checkpoint);
    const path = join(store.folderOf('log-0'), '0000000000000020.engram');
    const { bytes: whole } = known(20);
    const seed = 500;
    const next = numbersFrom(seed);
    const loadsTheOneBefore = async (what: string, bytes: Uint8Array): Promise<void> => {
      disk.names.set(path, bytes);
      const told: string[] = [];
      const found = await new FileStore('/state', { disk, onDamaged: (path) => told.push(path) }).load('log-0');
      if (found?.next !== 10 || told.join() !== path) throw new Error(`${what}: loaded ${found?.next}, told ${told}`);
    };
    for (let bytes = 0; bytes < whole.length; bytes++) {
      await loadsTheOneBefore(`cut at ${bytes}`, whole.subarray(0, bytes));
    }
    for (let i = 0; i < 2000; i++) {
      const bit = next() % (whole.length * 8);
      const flipped = whole.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      await loadsTheOneBefore(`seed ${seed}, bit ${bit} flipped`, flipped);
    }
    console.log(`${whole.length} cuts and 2,000 flips (seed ${seed}): each set aside, the generation before it loaded`);
  });

  test('if nothing undamaged is left it stops, again and again, instead of starting from nothing', async () => {
    const { folder, again } = await savedStore([10]);
    writeFileSync(join(folder, '0000000000000010.engram'), 'x');
    for (let run = 0; run < 2; run++) {
      await expect(again().load('log-0')).rejects.toThrow(
        `${folder}: expected an undamaged checkpoint, found 1 damaged and no other. Nothing is started from nothing by itself: remove the folder`,
      );
    }
    await expect(again().load('log-0', 12)).rejects.toThrow(DamagedCheckpoint);
  });

  test('a file under another name is not believed', async () => {
    const { folder, again } = await savedStore([10]);
    writeFileSync(join(folder, '0000000000000099.engram'), frame(at(50)));
    writeFileSync(join(folder, '0000000000000098.engram'), frame(at(98, 'log-1')));
    const told: string[] = [];
    const store = again({ onDamaged: (_, error) => told.push(error.message) });
    expect((await store.load('log-0'))?.next).toBe(10);
    expect(told).toEqual([
      'expected shard log-0 at offset 99, found log-0 at 50: the file was renamed',
      'expected shard log-0 at offset 98, found log-1 at 98: the file was renamed',
    ]);
  });

  test('the format of a newer release stops the load and is left as it is', async () => {
    const { folder, again } = await savedStore([10, 20]);
    const path = join(folder, '0000000000000020.engram');
    const { crc32 } = await import('node:zlib');
    const newer = readFileSync(path);
    newer.writeUInt32LE(2, 8);
    newer.writeUInt32LE(crc32(newer.subarray(0, 60)), 60);
    writeFileSync(path, newer);
    await expect(again().load('log-0')).rejects.toThrow(StateMismatch);
    await expect(again().load('log-0')).rejects.toThrow(`${path}: expected a checkpoint of format 1, found format 2`);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  test('a damaged file that cannot be renamed is passed over and not counted as kept', async () => {
    const disk = new FaultyDisk();
    const store = new FileStore('/state', { ...quiet, disk });
    for (const next of [10, 20, 30]) await store.save(at(next));
    const folder = store.folderOf('log-0');
    disk.names.set(`${folder}/0000000000000030.engram`, Uint8Array.of(1));
    disk.calls = [];
    disk.fault = { at: 2, kind: 'before', code: 'EACCES' };
    const again = new FileStore('/state', { ...quiet, disk });
    expect(same(await again.load('log-0'), 20)).toBe(true);
    expect(disk.calls).toEqual(['list', 'read', 'rename', 'read']);
    for (const next of [35, 40]) await again.save(at(next));
    const left = [...disk.names.keys()].map((path) => path.slice(folder.length + 1)).sort();
    expect(left).toEqual([
      '0000000000000020.engram',
      '0000000000000030.engram.damaged',
      '0000000000000035.engram',
      '0000000000000040.engram',
    ]);
  });
});

describe('faults of the disk', () => {
  const offsets = [10, 20, 30, 40, 50];

  /** Saves all offsets, as a process would, until one fails; returns the last that was promised and what stopped it. */
  async function work(
    disk: FaultyDisk,
  ): Promise<{ promised: number; tried: number; error: unknown; store: FileStore }> {
    const store = new FileStore('/state', { ...quiet, disk });
    let promised = 0;
    for (const next of offsets) {
      try {
        await store.save(known(next).checkpoint);
      } catch (error) {
        return { promised, tried: next, error, store };
      }
      promised = next;
    }
    return { promised, tried: promised, error: undefined, store };
  }

  function expectWhole(disk: FaultyDisk, what: string): void {
    for (const [path, bytes] of disk.names) {
      if (!path.endsWith('.engram')) continue;
      try {
        unframe(bytes);
      } catch {
        throw new Error(`${what}: ${path} is a broken generation`);
      }
    }
  }

  async function expectNewest(disk: FaultyDisk, promised: number, tried: number, what: string): Promise<FileStore> {
    const store = new FileStore('/state', { ...quiet, disk });
    const found = await store.load('log-0');
    const fits = found ? [promised, tried].includes(found.next) && same(found, found.next) : promised === 0;
    if (!fits) throw new Error(`${what}: promised ${promised}, tried ${tried}, loaded ${found?.next}`);
    return store;
  }

  async function expectGoesOn(disk: FaultyDisk, store: FileStore, from: number, what: string): Promise<void> {
    for (const next of [from, 60, 70, 80]) await store.save(known(next).checkpoint);
    expectWhole(disk, what);
    const kept = [...disk.names.keys()].filter((path) => path.endsWith('.engram'));
    if (kept.length !== 3) throw new Error(`${what}: kept ${kept}`);
    await expectNewest(disk, 80, 80, what);
    if ([...disk.names.keys()].some((path) => path.endsWith('.tmp'))) throw new Error(`${what}: a leftover`);
  }

  async function callsOfCalmRun(): Promise<string[]> {
    const disk = new FaultyDisk();
    await work(disk);
    return disk.calls;
  }

  const faults: [Fault, string][] = [
    ...['ENOSPC', 'EIO', 'EACCES'].flatMap((code) => [['before', code] as [Fault, string], ['after', code] as never]),
    ['short', 'ENOSPC'],
    ['short', 'EIO'],
  ];
  test.each(faults)(
    '%s %s at every call: a clear error, nothing broken, and it goes on when the fault is over',
    async (kind, code) => {
      const calls = await callsOfCalmRun();
      for (const [call, name] of calls.entries()) {
        const disk = new FaultyDisk();
        disk.fault = { at: call, kind, code };
        const what = `${kind} ${code} at call ${call} (${name})`;
        const { promised, tried, error, store } = await work(disk);
        // Tidying away is the only thing that may fail without harm.
        if (name === 'remove') expect(error).toBeUndefined();
        else {
          expect(error).toBeInstanceOf(StoreFailure);
          expect((error as StoreFailure).code).toBe(code);
          expect((error as Error).message).toMatch(
            /^cannot .*: .* planted\. .+ The last complete checkpoint is untouched/,
          );
        }
        expectWhole(disk, what);
        await expectNewest(disk, promised, tried, what);
        await expectGoesOn(disk, store, tried, what);
      }
      console.log(`${kind} ${code}: ${calls.length} calls`);
    },
  );

  test('a disk that lies about a write: the generation before is used', async () => {
    const calls = await callsOfCalmRun();
    for (const [call, name] of calls.entries()) {
      if (name !== 'write') continue;
      const disk = new FaultyDisk();
      disk.fault = { at: call, kind: 'lies', code: '' };
      const store = new FileStore('/state', { ...quiet, disk });
      const saved = offsets.slice(0, calls.slice(0, call + 1).filter((other) => other === 'write').length);
      for (const next of saved) await store.save(known(next).checkpoint);
      const again = new FileStore('/state', { ...quiet, disk });
      if (saved.length === 1) await expect(again.load('log-0')).rejects.toThrow(DamagedCheckpoint);
      else expect(same(await again.load('log-0'), saved.at(-2) as number)).toBe(true);
    }
  });

  test.each<Fault>(['crash before', 'crash during', 'crash after'])(
    '%s every call, the process killed or the power cut: the newest complete generation is there',
    async (kind) => {
      const calls = await callsOfCalmRun();
      let cases = 0;
      for (const call of calls.keys()) {
        for (let seed = 0; seed < 8; seed++) {
          const disk = new FaultyDisk();
          disk.fault = { at: call, kind, code: '' };
          const { promised, tried, error } = await work(disk);
          // Tidying away comes after the promise, so a crash in it is only felt by the next save.
          const died = [error, (error as Error | undefined)?.cause].some((each) => each instanceof Crash);
          expect(died || (calls[call] === 'remove' && tried === offsets.at(-1))).toBe(true);
          const next = numbersFrom(seed);
          disk.restart(seed === 0 ? undefined : () => next() % 2 === 0);
          const what = `${kind} call ${call} (${calls[call]}), seed ${seed}`;
          const store = await expectNewest(disk, promised, tried, what);
          await expectGoesOn(disk, store, Math.max(tried, promised), what);
          cases++;
        }
      }
      console.log(`${kind}: ${calls.length} calls, ${cases} cases`);
    },
    60_000,
  );

  test('a fault at every call of a load: the right checkpoint or a clear error, and the next load is right', async () => {
    for (const code of ['EIO', 'EACCES', 'ENOENT']) {
      for (let call = 0; ; call++) {
        const disk = new FaultyDisk();
        await work(disk);
        disk.names.set([...disk.names.keys()].sort().at(-1) as string, Uint8Array.of(7));
        disk.names.set(join(new FileStore('/state').folderOf('log-0'), 'x.tmp'), Uint8Array.of(7));
        disk.calls = [];
        disk.fault = { at: call, kind: 'before', code };
        const found = await new FileStore('/state', { ...quiet, disk }).load('log-0').catch((error) => error);
        if (disk.calls.length <= call) break;
        const what = `${code} at call ${call} (${disk.calls[call]})`;
        // An unreadable file counts as damaged; a folder that cannot be listed for want of rights does not count as empty.
        const right =
          found === undefined
            ? code === 'ENOENT' && call === 0
            : found instanceof StoreFailure || [40, 30].includes(found.next);
        if (!right) throw new Error(`${what}: ${found}`);
        await expectNewest(disk, 40, 30, what);
      }
    }
  });
});

/**
 * Speed and size of the HTM parts, side by side in one run with HTM.java where it is there: milliseconds of processor
 * time a step of the temporal memory (2048 columns of 32 cells, 40 active) bursting, learnt and on a noisy stream, and of the
 * pooler from 1024 bits; each the least of rounds, with a pool of 65,536 segments, as a thousand codes of 40 columns need
 * 40,000. Then, with the pool that memories have, what noise leaves of 700 steps learnt and whether a step gets slower with
 * age; the same of the whole memory `htm` (encoders, pooler, temporal memory, classifier of one horizon) on a noisy
 * series with a day and a week; the state, and a thousand keys.
 *
 *   npm run bench:htm [-- --json FILE] [--parts cases,recall,state,age,memory,keys] [--rounds 5] [--steps 1000000]
 *                           [--share 1]
 *   A million steps (`--steps`) take three to five minutes in the part `age`, some ten in the part `memory`.
 *   FILE keeps the figures of parts that were not run.
 *   ENGRAM_PEERS=DIR   a folder where lib/ holds htm.java and what it needs:
 *                      mvn dependency:copy-dependencies -DoutputDirectory=lib, of a pom with org.numenta:htm.java:0.6.13
 *                      without algorithmfoundry, which no public repository has any more
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  frame,
  memories,
  Slab,
  slabTable,
  spatialPooler,
  temporalDefaults,
  temporalMemory,
  u8,
  u32,
} from '../index.js';

const { values: options } = parseArgs({
  options: {
    ...{ json: { type: 'string' }, rounds: { type: 'string' }, steps: { type: 'string' }, parts: { type: 'string' } },
    share: { type: 'string', default: '1' },
  },
});
const rounds = Number(options.rounds ?? 5);
const steps = Number(options.steps ?? 1_000_000);
/** Of each case so much is run: a quick look needs no more than a fifth. */
const share = Number(options.share);
const parts = (options.parts ?? 'cases,recall,state,age,memory,keys').split(',');
const peers = process.env.ENGRAM_PEERS;
const wide = 40;

let state = 1;
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

/** Different numbers, ascending. */
function some(count: number, below: number): Uint32Array {
  const set = new Set<number>();
  while (set.size < count) set.add(random(below));
  return Uint32Array.from(set).sort();
}

const columnsOf = (): Uint32Array => some(wide, 2048);

function memoryOf(segments: number) {
  const memory = temporalMemory({ ...temporalDefaults, segments });
  const slab = new Slab({ temporal: memory.layout, input: u32(wide) });
  const own = slab.row(slab.add());
  memory.start(own.temporal, 1);
  const step = (columns: Uint32Array, learn = true): number => {
    own.input.set(columns);
    return memory.step(own.temporal, own.input, columns.length, learn);
  };
  return { own, slab, step };
}

function poolerOf() {
  const pooler = spatialPooler({
    ...{ inputs: 1024, columns: 2048, winners: wide, potential: 0.85, connected: 0.5, areas: 1 },
    ...{ increment: 0.003, decrement: 0.0005, boost: 0 },
  });
  const slab = new Slab({ pooler: pooler.layout, input: u32(64), overlap: u8(4096), winners: u32(wide) });
  const own = slab.row(slab.add());
  pooler.start(own.pooler, 1);
  const winners = (bits: Uint32Array): Uint32Array => {
    own.input.set(bits);
    return own.winners.subarray(0, pooler.winners(own.pooler, own.input, bits.length, own.overlap, own.winners));
  };
  const learn = (bits: Uint32Array): void =>
    pooler.learn(own.pooler, own.input, bits.length, own.winners, winners(bits).length);
  return { winners, learn, slab };
}

/** Processor time, as the peers' figures are: other programs on the machine do not count. */
const msEach = (count: number, run: (i: number) => void): number => {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) run(i);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / count;
};

/** Ten sequences of a hundred. */
const pass = Array.from({ length: 1000 * share }, columnsOf);
const bits = Array.from({ length: 200 * share }, () => some(50, 1024));

/** A noisy sine, as the pooler sees it. */
function noisySine(): Uint32Array[] {
  const { winners, slab } = poolerOf();
  const list = Array.from({ length: 2000 * share }, (_, t) => {
    const at = 400 + 300 * Math.sin((2 * Math.PI * t) / 100) + random(30);
    return Uint32Array.from(winners(Uint32Array.from({ length: 50 }, (_, i) => Math.floor(at) + i)));
  });
  slab.free();
  return list;
}
const noisy = noisySine();

const cases = ['bursting', 'learnt', 'noisy', 'pooler'] as const;
type Figures = Record<(typeof cases)[number], number>;

function own(): Figures {
  const known = memoryOf(65_536);
  const bursting = msEach(pass.length, (i) => void known.step(pass[i]));
  for (let epoch = 1; epoch < 4; epoch++) for (const columns of pass) known.step(columns);
  const learnt = msEach(pass.length, (i) => void known.step(pass[i]));
  known.slab.free();
  const stream = memoryOf(65_536);
  const half = noisy.length / 2;
  for (let i = 0; i < half; i++) stream.step(noisy[i]);
  const late = msEach(half, (i) => void stream.step(noisy[half + i]));
  stream.slab.free();
  const pooler = poolerOf();
  const pooled = msEach(bits.length, (i) => pooler.learn(bits[i]));
  pooler.slab.free();
  return { bursting, learnt, noisy: late, pooler: pooled };
}

/** One round of HTM.java, after one that warms it up; undefined where it cannot run. */
function java(): Figures | undefined {
  if (peers === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'htm-bench-'));
  const lines = (list: readonly Uint32Array[]): string => list.map((columns) => columns.join(' ')).join('\n');
  try {
    writeFileSync(join(folder, 'pass.txt'), lines(pass));
    writeFileSync(join(folder, 'noisy.txt'), lines(noisy));
    writeFileSync(join(folder, 'bits.txt'), lines(bits));
    const source = fileURLToPath(new URL('../../bench/peers/HtmJava.java', import.meta.url));
    const said = execFileSync('java', ['-Xmx2g', '-cp', join(peers, 'lib', '*'), source, folder, '1'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Object.fromEntries(
      said
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
        .filter(([name]) => (cases as readonly string[]).includes(name))
        .map(([name, ms]) => [name, Number(ms)]),
    ) as Figures;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const least = (list: readonly Figures[], name: keyof Figures): number => Math.min(...list.map((one) => one[name]));
const figures: Record<string, number | string> = {};
const say = (name: string, value: number | string, unit: string): void => {
  figures[`${name} [${unit}]`] = typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  console.log(`${name.padEnd(58)} ${typeof value === 'number' ? value.toPrecision(4).padStart(9) : value} ${unit}`);
};

if (parts.includes('cases')) {
  figures['share of each case [1]'] = share;
  const ours: Figures[] = [];
  const theirs: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(own());
    // A round of HTM.java takes a minute.
    const peer = round % 3 === 0 ? java() : undefined;
    if (peer) theirs.push(peer);
  }
  for (const name of cases) {
    say(name, least(ours, name), 'ms a step');
    say(`${name}, HTM.java 0.6.13`, theirs.length > 0 ? least(theirs, name) : 'not run', 'ms a step');
  }
}

if (parts.includes('recall')) {
  const { slab, step } = memoryOf(temporalDefaults.segments);
  const learnt = Array.from({ length: 700 }, columnsOf);
  for (let epoch = 0; epoch < 5; epoch++) for (const columns of learnt) step(columns);
  const known = (): number =>
    learnt.reduce((right, columns) => right + step(columns, false), 0) / (wide * learnt.length);
  say('recall of what was learnt', known(), 'share');
  for (let i = 0; i < 50; i++) step(columnsOf());
  say('recall after 50 steps of noise', known(), 'share');
  slab.free();
}

if (parts.includes('state')) {
  const { own, slab, step } = memoryOf(25_000);
  for (let i = 0; own.temporal.counters[7] < 800_000 && i < 5000; i++) step(columnsOf());
  const synapses = own.temporal.counters[7];
  const { bytes } = slab;
  const checkpoint = (): Uint8Array =>
    frame({
      ...{ shard: 'htm', next: 0, ended: false, pipeline: 'bench', sinks: {} },
      stages: { remember: { keys: slabTable(slab, undefined, { id: 'remember', version: 'htm' }) } },
    });
  // A first one, which is not counted, has the code compiled.
  const saves = Array.from({ length: 20 }, () => msEach(1, checkpoint)).slice(1);
  say('Arrow checkpoint of the state of 800,000 synapses, sums included', Math.min(...saves), 'ms');
  say('that state', bytes / synapses, 'bytes a synapse');
  slab.free();
}

/** A thing at work, one step at a time. */
interface Worker {
  step(): void;
  free(): void;
}

/** Says what a step costs when young and when old, in turn, so that whatever else the machine does falls on both. */
function sayAges(make: () => Worker, window: number, [young, old, all]: readonly string[], each: string): void {
  const [fresh, aged] = [make(), make()];
  msEach(Math.min(10_000, steps), fresh.step);
  const seconds = (steps * msEach(steps, aged.step)) / 1000;
  const windows = Array.from({ length: 5 }, () => [msEach(window, fresh.step), msEach(window, aged.step)]);
  const middle = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1];
  say(young, middle(windows.map(([ms]) => ms)), `ms a ${each}`);
  say(old, middle(windows.map(([, ms]) => ms)), `ms a ${each}`);
  say(all, seconds, 's');
  fresh.free();
  aged.free();
}

if (parts.includes('age')) {
  // A quarter of the steps is noise, so that the pool is full and evicts.
  const known = Array.from({ length: 1000 }, columnsOf);
  const make = (): Worker => {
    const { slab, step } = memoryOf(temporalDefaults.segments);
    let at = 0;
    return {
      step() {
        step(at % 8 < 6 ? known[at % known.length] : columnsOf());
        at++;
      },
      free: () => slab.free(),
    };
  };
  const names = ['a quarter noise, after 10,000 steps', `the same, after ${steps} steps`, `all ${steps} steps`];
  sayAges(make, 2000, names, 'step');
}

if (parts.includes('memory')) {
  const model = memories.htm({ channels: 1, horizons: [1] });
  const values = new Float64Array(1);
  const out = {
    ...{ surprise: 0, mean: new Float64Array(1), spread: new Float64Array(1) },
    quantiles: new Float64Array(model.levels?.length ?? 0),
  };
  const make = (): Worker => {
    const [shared, own] = [new Slab(model.shared), new Slab(model.keyed)];
    const [common, row] = [shared.row(shared.add()), own.row(own.add())];
    model.init(common);
    model.initKey(common, row);
    let t = 0;
    return {
      step() {
        const [day, week] = [(2 * Math.PI * t) / 48, (2 * Math.PI * t) / 336];
        values[0] = 10 * Math.sin(day) + 4 * Math.sin(week) + random(4000) / 1000;
        model.step(common, row, { values, timeMs: t * 1_800_000, scale: [8], periods: [48, 336] }, out);
        t++;
      },
      free() {
        shared.free();
        own.free();
      },
    };
  };
  const whole = 'the whole memory, after';
  sayAges(make, 1000, [`${whole} 10,000 rows`, `${whole} ${steps} rows`, `all ${steps} rows of it`], 'row');
}

if (parts.includes('keys')) {
  const { keyed } = memories['htm-small']({ channels: 1, horizons: [1] });
  const slab = new Slab(keyed);
  for (let key = 0; key < 1000; key++) slab.add();
  say('1,000 keys of htm-small, one channel, one horizon', slab.bytes / 2 ** 20, 'MB');
  slab.free();
}

if (options.json) {
  const before = existsSync(options.json) ? JSON.parse(readFileSync(options.json, 'utf8')) : {};
  writeFileSync(options.json, `${JSON.stringify({ ...before, ...figures }, null, 2)}\n`);
}

/**
 * Speed and size of the HTM parts on this machine: the temporal memory of 2048 columns of 32 cells with 40 active, learnt,
 * bursting and noisy; whether its step gets slower with age; the pooler from 1024 bits; and saving 800,000 synapses.
 *
 *   node dist/bench/htm.js [--steps 100000]
 */
import { parseArgs } from 'node:util';
import { arena, Slab, spatialPooler, temporalDefaults, temporalMemory, u8, u32 } from '../index.js';

const { values: options } = parseArgs({ options: { steps: { type: 'string', default: '100000' } } });
const steps = Number(options.steps);
const wide = 40;

let state = 1;
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

/** Forty columns, ascending. */
function columnsOf(): Uint32Array {
  const set = new Set<number>();
  while (set.size < wide) set.add(random(2048));
  return Uint32Array.from(set).sort();
}

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

const msEach = (count: number, run: (i: number) => void): number => {
  const start = performance.now();
  for (let i = 0; i < count; i++) run(i);
  return (performance.now() - start) / count;
};
const line = (what: string, ms: number, unit = 'ms'): void =>
  console.log(`${what.padEnd(58)} ${ms.toFixed(3).padStart(9)} ${unit}`);

const sequences = Array.from({ length: 10 }, () => Array.from({ length: 100 }, columnsOf));
const pass = sequences.flat();

{
  const { own, slab, step } = memoryOf(65_536);
  line(
    'first pass of 10 sequences of 100 (bursting)',
    msEach(pass.length, (i) => void step(pass[i])),
  );
  for (let epoch = 0; epoch < 4; epoch++) for (const columns of pass) step(columns);
  line(
    'learnt, learning on',
    msEach(10 * pass.length, (i) => void step(pass[i % pass.length])),
  );
  line(
    'learnt, following only',
    msEach(10 * pass.length, (i) => void step(pass[i % pass.length], false)),
  );
  const noisy = pass.map((columns) => columns.map((c, i) => (i % 10 === 0 ? random(2048) : c)).sort());
  const clean = noisy.map((columns) => Uint32Array.from(new Set(columns)));
  line(
    'learnt, a tenth of the columns replaced',
    msEach(clean.length, (i) => void step(clean[i])),
  );
  const known = (): number => {
    let right = 0;
    for (const columns of pass) right += step(columns, false);
    return right / (wide * pass.length);
  };
  const before = known();
  for (let i = 0; i < 50; i++) step(columnsOf());
  console.log(`recall before ${before.toFixed(3)}, after 50 steps of noise ${known().toFixed(3)}`);
  slab.free();
  void own;
}

{
  const { own, slab, step } = memoryOf(25_000);
  let count = 0;
  while (own.temporal.counters[7] < 800_000 && count < 5000) {
    step(columnsOf());
    count++;
  }
  const synapses = own.temporal.counters[7];
  line(
    `random columns until ${synapses} synapses`,
    msEach(500, () => void step(columnsOf())),
  );
  const { bytes } = slab;
  const [page] = slab.pages;
  const copy = new Uint8Array(bytes);
  const save = msEach(20, () => copy.set(new Uint8Array(arena.buffer, page.at, bytes)));
  line(`copy of that state, ${(bytes / synapses).toFixed(2)} bytes a synapse`, save);
  slab.free();
}

{
  const { slab, step } = memoryOf(8192);
  // A quarter of the steps is noise, so that the pool is full and evicts.
  const one = (i: number): void => void step(i % 8 < 6 ? pass[i % pass.length] : columnsOf());
  const early: number[] = [];
  const late: number[] = [];
  for (let at = 0; at < steps; at += 1000) {
    const ms = msEach(1000, (i) => one(at + i));
    if (at >= 9000 && at < 14_000) early.push(ms);
    if (at >= steps - 5000) late.push(ms);
  }
  const mean = (list: number[]): number => list.reduce((sum, ms) => sum + ms / list.length, 0);
  line('noisy, at 10,000 steps', mean(early));
  line(`noisy, at ${steps} steps`, mean(late));
  slab.free();
}

{
  const pooler = spatialPooler({
    ...{ inputs: 1024, columns: 2048, winners: 40, potential: 0.85, connected: 0.5, areas: 1 },
    ...{ increment: 0.003, decrement: 0.0005, boost: 0 },
  });
  const slab = new Slab({ pooler: pooler.layout, input: u32(64), overlap: u8(4096), winners: u32(40) });
  const own = slab.row(slab.add());
  pooler.start(own.pooler, 1);
  const inputs = Array.from({ length: 100 }, () => Array.from({ length: 50 }, () => random(1024)));
  const winners = (i: number): number => {
    own.input.set(inputs[i % 100]);
    return pooler.winners(own.pooler, own.input, 50, own.overlap, own.winners);
  };
  line(
    'pooler 1024 to 2048, 50 bits, winners only',
    msEach(2000, (i) => void winners(i)),
  );
  line(
    'the same, learning',
    msEach(2000, (i) => pooler.learn(own.pooler, own.input, 50, own.winners, winners(i))),
  );
  slab.free();
}

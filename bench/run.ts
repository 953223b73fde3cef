/**
 * Speed and size of the engine on this machine: events per second from a file, cost of each step, state per key,
 * checkpoints, and whether a step gets slower with age. Figures hold for the machine they were made on: compare ratios.
 * Rates and costs are in processor time (of all threads), so that other work on the machine counts less; pauses in wall time.
 *
 *   npm run bench [-- --events 1000000] [--json FILE]
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  arena,
  type Event,
  FileStore,
  fileSource,
  frame,
  keepRowsYoung,
  Lane,
  type PipelineSpec,
  pipelineOf,
  run,
  shipped,
} from '../index.js';
import { medianOf, Pauses } from './pauses.js';

keepRowsYoung();
const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    json: { type: 'string' },
    runs: { type: 'string', default: '3' },
  },
});
const count = Number(options.events);
const runs = Number(options.runs);
const work = mkdtempSync(join(tmpdir(), 'engram-bench-'));
const keysMany = 10_000;
/** Rows at once, as from a file. */
const batchRows = 128;

/** A sensor with a season of 48 rows and a little noise that needs no generator. */
const valueAt = (t: number): number =>
  Math.round(1000 * (20 + 5 * Math.sin((2 * Math.PI * t) / 48) + ((t * 7919) % 101) / 50)) / 1000;

/** Size of the newest checkpoint in a state folder. */
function newestBytes(folder: string): number {
  const [shard = ''] = readdirSync(folder);
  const newest =
    readdirSync(join(folder, shard))
      .filter((name) => name.endsWith('.engram'))
      .sort()
      .at(-1) ?? '';
  return statSync(join(folder, shard, newest)).size;
}

/** Events in a CSV file, the keys taking turns, one minute between rows of a key. */
function writeLog(name: string, keys: number): string {
  const path = join(work, name);
  const file = openSync(path, 'w');
  writeSync(file, 'time,key,value\n');
  let text = '';
  for (let i = 0; i < count; i++) {
    const t = Math.floor(i / keys);
    text += `${1_700_000_000_000 + t * 60_000},sensor-${i % keys},${valueAt(t)}\n`;
    if (text.length > 1 << 20 || i === count - 1) {
      writeSync(file, text);
      text = '';
    }
  }
  closeSync(file);
  return path;
}

const source = (path: string) => fileSource(path, { time: 'time', key: 'key', values: ['value'], shard: 'bench' });
const withKeys = (spec: PipelineSpec, limit: number): PipelineSpec => ({
  ...spec,
  stages: spec.stages.map((stage) => {
    const [[name, own]] = Object.entries(stage);
    return { [name]: { ...own, keys: { limit, whenFull: 'reject' } } } as (typeof spec.stages)[number];
  }),
});

/** Best of several runs, in seconds of processor time: what else the machine does counts less than in wall time. */
async function best(work: () => Promise<void> | void): Promise<number> {
  let seconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const started = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(started);
    seconds = Math.min(seconds, (user + system) / 1e6);
  }
  return seconds;
}

const results: Record<string, number | string> = {};
const note = (name: string, value: number, unit: string, digits = 0): void => {
  results[`${name} [${unit}]`] = Number(value.toFixed(digits + 2));
  console.log(
    `${name.padEnd(64)} ${value.toLocaleString('en', { maximumFractionDigits: digits }).padStart(12)} ${unit}`,
  );
};

console.log(
  `${cpus()[0]?.model.trim()}, Node ${process.versions.node}, ${count.toLocaleString('en')} events, best of ${runs}\n`,
);
results.machine = `${cpus()[0]?.model.trim()}, Node ${process.versions.node}`;

const one = writeLog('one.csv', 1);
const many = writeLog('many.csv', keysMany);

// From a file.
let seconds = await best(async () => {
  for await (const _ of source(one).read('bench', 0, new AbortController().signal));
});
note('reading CSV, no pipeline', count / seconds, 'events/s');
/** Seconds of one replay in a fresh process, as a user starts it: code that ran otherwise before is compiled otherwise. */
const replayLight = (...args: string[]): number =>
  Math.min(
    ...Array.from({ length: runs }, () =>
      Number(
        execFileSync(process.execPath, [join(import.meta.dirname, 'replay-light.js'), ...args], { encoding: 'utf8' }),
      ),
    ),
  );
for (const [name, path, keys] of [
  ['one key', one, 1],
  [`${keysMany.toLocaleString('en')} keys`, many, keysMany],
] as const) {
  note(`light pipeline from a CSV file, ${name}`, count / replayLight(path, String(keys)), 'events/s');
}
const file = join(work, 'results.ndjson');
note('light pipeline from CSV to NDJSON, one key', count / replayLight(one, '1', file), 'events/s');
note('bytes of NDJSON per event', statSync(file).size / count, 'B');

// Step by step, from memory: what each adds.
const events = (keys: number, from: number, rows: number): Event[] =>
  Array.from({ length: rows }, (_, i) => {
    const t = Math.floor((from + i) / keys);
    return { key: `sensor-${(from + i) % keys}`, timeMs: 1.7e12 + t * 60_000, values: [valueAt(t)], offset: from + i };
  });
const shard = { name: 'bench', channels: ['value'] };
/** Microseconds of processor time per event through the first `steps` stages, after they have seen `warm` events. */
function cost(spec: PipelineSpec, steps: number, warm: number, rows: number): number {
  const stages = pipelineOf({ name: 'part', stages: spec.stages.slice(0, steps) }).stages;
  const lane = new Lane(stages, shard);
  const push = (from: number, list: Event[]) =>
    lane.push({ shard: 'bench', rows: list, rejects: [], next: from + list.length });
  for (let from = 0; from < warm; from += batchRows) {
    push(from, events(1, from, Math.min(batchRows, warm - from)));
  }
  const batches = Array.from({ length: Math.ceil(rows / batchRows) }, (_, b) => {
    const from = b * batchRows;
    return { from: warm + from, list: events(1, warm + from, Math.min(batchRows, rows - from)) };
  });
  const started = process.cpuUsage();
  for (const { from, list } of batches) push(from, list);
  const { user, system } = process.cpuUsage(started);
  lane.close();
  return (user + system) / rows;
}
const bestCost = (...args: Parameters<typeof cost>): number =>
  Math.min(...Array.from({ length: runs }, () => cost(...args)));
for (const [name, warm, rows] of [
  ['light', 20_000, 100_000],
  ['sensor-anomaly', 6000, 6000],
] as const) {
  console.log('');
  const spec = shipped[name];
  let before = 0;
  for (let steps = 1; steps <= spec.stages.length; steps++) {
    const now = bestCost(spec, steps, warm, rows);
    note(`${name}: ${Object.keys(spec.stages[steps - 1])[0]}`, now - before, 'µs/event', 2);
    before = now;
  }
  note(`${name}: all steps`, before, 'µs/event', 2);
}
const empty = new Lane<Event>([], shard);
const batch = events(1, 0, 500);
seconds = await best(() => {
  for (let i = 0; i < 2000; i++) empty.push({ shard: 'bench', rows: batch, rejects: [], next: 500 });
});
note('engine without steps, batches of 500', (seconds * 1e6) / 1e6, 'µs/event', 4);

// Age: the same stages after 10,000 and after 1,000,000 events.
console.log('');
const ages: readonly [string, number][] = [
  ['light', 1_000_000],
  ['sensor-anomaly', 100_000],
];
for (const [name, old] of ages) {
  const spec = shipped[name];
  const rows = name === 'light' ? 100_000 : 4000;
  const young = bestCost(spec, spec.stages.length, 10_000, rows);
  const aged = bestCost(spec, spec.stages.length, Math.min(old, count), rows);
  note(
    `${name}: cost after ${Math.min(old, count).toLocaleString('en')} events against 10,000`,
    aged / young,
    'times',
    2,
  );
}

// The slowest event: what a period that is found, or looked for, costs at once.
{
  const rows = 12_000;
  const values = events(1, 0, rows).map((event, t) => ({
    ...event,
    values: [valueAt(t) * (t < 6000 ? 1 : 1 + 0.2 * Math.sin((2 * Math.PI * t) / 336))],
  }));
  const least = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < runs + 1; i++) {
    const lane = new Lane(pipelineOf(shipped['sensor-anomaly']).stages, shard);
    for (let t = 0; t < rows; t++) {
      const started = performance.now();
      lane.push({ shard: 'bench', rows: [values[t]], rejects: [], next: t + 1 });
      least[t] = Math.min(least[t], performance.now() - started);
    }
    lane.close();
  }
  note('sensor-anomaly: slowest of 12,000 events, one at a time', Math.max(...least), 'ms', 2);
}

// State and checkpoints.
console.log('');
for (const [name, keys, path] of [
  ['light', 1, one],
  ['light', keysMany, many],
] as const) {
  const folder = join(work, `state-${name}-${keys}`);
  const pauses = new Pauses();
  const before = arena.usedBytes;
  let used = 0;
  await run({
    pipeline: pipelineOf(withKeys(shipped[name], keys)),
    source: pauses.source(source(path)),
    sinks: { results: [pauses.sink()] },
    store: pauses.store(new FileStore(folder)),
    checkpointRows: Math.ceil(count / 20),
    onBatch: pauses.onBatch,
    onEnd: () => {
      used = arena.usedBytes - before;
    },
  });
  const label = `${name}, ${keys.toLocaleString('en')} key${keys > 1 ? 's' : ''}`;
  note(`${label}: state in memory, per key`, used / keys, 'B');
  note(`${label}: checkpoint`, newestBytes(folder), 'B');
  note(`${label}: pause of a checkpoint, median of ${pauses.ms.length}`, medianOf(pauses.ms), 'ms', 1);
  note(`${label}: pause of a checkpoint, longest`, Math.max(...pauses.ms), 'ms', 1);
  note(`${label}: checkpoint durable after, median`, medianOf(pauses.savedMs), 'ms', 1);
}
{
  const lane = new Lane(pipelineOf(shipped['sensor-anomaly']).stages, shard);
  const before = arena.usedBytes;
  lane.push({ shard: 'bench', rows: events(1, 0, 1), rejects: [], next: 1 });
  note('sensor-anomaly, first key: state in memory', arena.usedBytes - before, 'B');
  const started = performance.now();
  const bytes = frame({ shard: 'bench', next: 1, pipeline: '', stages: lane.save(), sinks: {}, ended: false }).length;
  note('sensor-anomaly, one key: checkpoint', bytes, 'B');
  note('sensor-anomaly, one key: encoding it', performance.now() - started, 'ms', 1);
  lane.close();
}
note('process: resident memory at the end', process.memoryUsage().rss / 1e6, 'MB');

if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
rmSync(work, { recursive: true });

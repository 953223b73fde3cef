import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outputs, sinkOf } from '../../connectors/catalog.js';
import { CRASH, Crash, END, type Entry, log } from '../../connectors/log.js';
import type { Sink } from '../../connectors/sink.js';
import type { Source } from '../../connectors/source.js';
import type { Event, Result } from '../../event.js';
import { detect } from '../../operators/detect.js';
import { interval } from '../../operators/interval.js';
import { remember } from '../../operators/remember.js';
import { withAlerts } from '../../pipelines/alert-spec.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { type AlertOutput, run } from '../../pipelines/run.js';
import { parseSpec, pipelineOf } from '../../pipelines/spec.js';
import { StateMismatch } from '../../state/arrow.js';
import type { CheckpointStore } from '../../state/checkpoint.js';
import { FileStore } from '../../state/stores/file.js';
import { FolderHeld } from '../../state/stores/lock.js';
import { MemoryStore } from '../../state/stores/memory.js';
import { chance } from '../chance.js';
import { normal, startMs } from '../operators/harness.js';

const folder = () => mkdtempSync(join(tmpdir(), 'engram-run-'));
const small = (horizons = [1, 3]) =>
  pipeline('small')
    .through(remember({ memory: 'last-value', horizons }))
    .through(interval())
    .through(detect({ warmupRows: 20 }));
const shape = { shard: 'log', channels: ['value'], horizons: [1, 3], levels: [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] };
const files = ['a.ndjson', 'a.arrow', 'a.parquet'];
const sinksIn = (at: string): Sink<Result>[] => files.map((name) => sinkOf(join(at, name), outputs.results(shape)));

const random = chance(1);
const numbers = Array.from({ length: 600 }, (_, t) => Math.round(100 * (Math.sin(t / 7) + random())));

/** Runs again and again until the log is done, as a supervisor would. */
async function survive(entries: readonly Entry[], at: string): Promise<number> {
  // Reading crashes once at each mark: the same log object goes on after a restart.
  const source = log(entries, { batchRows: 16 });
  for (let crashes = 0; ; crashes++) {
    try {
      await run({
        pipeline: small(),
        source,
        sinks: { results: sinksIn(at) },
        store: new FileStore(join(at, 'state')),
        checkpointRows: 50,
      });
      return crashes;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
}

test('outputs written through crashes are the bytes of an undisturbed run', async () => {
  const calm = folder();
  expect(await survive([...numbers, END], calm)).toBe(0);
  const stormy = folder();
  const marks = [0, 1, 49, 50, 51, 200, 333, 599, 600];
  const entries = numbers.flatMap((value, i): Entry[] => (marks.includes(i) ? [CRASH, value] : [value]));
  expect(await survive([...entries, CRASH, END], stormy)).toBe(marks.length);
  for (const name of files) {
    expect(readFileSync(join(stormy, name)).equals(readFileSync(join(calm, name))), `${name} is the same`).toBe(true);
  }
  expect(readFileSync(join(calm, 'a.ndjson'), 'utf8').trim().split('\n')).toHaveLength(600);
});

test('a run that is done has nothing to do when it is started again', async () => {
  const at = folder();
  await survive([...numbers, END], at);
  const before = files.map((name) => readFileSync(join(at, name)));
  await survive([...numbers, END], at);
  expect(files.map((name) => readFileSync(join(at, name)))).toEqual(before);
});

test('a stop ends the batch, saves, and the next run goes on', async () => {
  const at = folder();
  const stop = new AbortController();
  const first = await run({
    pipeline: small(),
    source: log([...numbers, END], { batchRows: 100 }),
    sinks: { results: sinksIn(at) },
    store: new FileStore(join(at, 'state')),
    stop: stop.signal,
    onBatch: () => stop.abort(),
  });
  expect(first).toMatchObject({ rows: 100, stopped: true, checkpoints: 1 });
  const resumed: [string, number][] = [];
  const second = await run({
    pipeline: small(),
    source: log([...numbers, END], { batchRows: 100 }),
    sinks: { results: sinksIn(at) },
    store: new FileStore(join(at, 'state')),
    onResume: (shard, next) => resumed.push([shard, next]),
  });
  expect(resumed).toEqual([['log', 100]]);
  expect(second).toMatchObject({ rows: 500, stopped: false });
  const calm = folder();
  await survive([...numbers, END], calm);
  expect(readFileSync(join(at, 'a.ndjson'))).toEqual(readFileSync(join(calm, 'a.ndjson')));
});

test('another pipeline is refused with what differs', async () => {
  const store = new MemoryStore();
  await run({ pipeline: small(), source: log([1, 2, END]), store });
  await expect(run({ pipeline: small([1, 9]), source: log([1, 2, END]), store })).rejects.toThrow(
    /by another pipeline or on another log.\n(\S+: expected .*\n)*\S*horizons: expected \[1,9\], found \[1,3\]\n(\S+: expected .*\n)*Run the pipeline/,
  );
});

test('an output that the checkpoint does not know is refused', async () => {
  const at = folder();
  const store = new MemoryStore();
  const sinks = sinksIn(at);
  const options = { pipeline: small(), source: log([1, 2, END]), store };
  await run({ ...options, sinks: { results: [sinks[0]] } });
  await expect(run({ ...options, sinks: { results: sinks } })).rejects.toThrow(
    'a.arrow: the checkpoint at offset 2 knows only',
  );
});

test('an output that is left out is refused: it would lack rows for ever', async () => {
  const at = folder();
  const store = new MemoryStore();
  const sinks = sinksIn(at);
  const options = { pipeline: small(), source: log([1, 2, END]), store };
  await run({ ...options, sinks: { results: sinks } });
  await expect(run({ ...options, sinks: { results: [sinks[0]] } })).rejects.toThrow(
    /a.arrow, .*a.parquet to be named again/,
  );
});

test('another log on the same state is refused', async () => {
  const store = new MemoryStore();
  const named = (identity: string): Source => {
    const source = log([1, 2, END]);
    return {
      open: async () => ({ ...(await source.open()), identity }),
      read: (...given) => source.read(...given),
    };
  };
  await run({ pipeline: small(), source: named('csv time=t'), store });
  await run({ pipeline: small(), source: named('csv time=t'), store });
  await expect(run({ pipeline: small(), source: named('csv time=u'), store })).rejects.toThrow(StateMismatch);
});

test('a second run on the same state is refused before it touches the outputs', async () => {
  const at = folder();
  const store = () => new FileStore(join(at, 'state'));
  const sinks = () => ({ results: [sinkOf(join(at, 'a.ndjson'), outputs.results(shape))] });
  const stop = new AbortController();
  let second: Promise<unknown> | undefined;
  await run({
    pipeline: small(),
    source: log([...numbers, END], { batchRows: 100 }),
    sinks: sinks(),
    store: store(),
    stop: stop.signal,
    onBatch: () => {
      second ??= run({ pipeline: small(), source: log([...numbers, END]), sinks: sinks(), store: store() }).catch(
        (e) => e,
      );
    },
  });
  expect(await second).toBeInstanceOf(FolderHeld);
  expect(readFileSync(join(at, 'a.ndjson'), 'utf8').trim().split('\n')).toHaveLength(600);
});

test('a sink that fails ends the run with its error, and nothing is saved past it', async () => {
  const store = new MemoryStore();
  const full: Sink<Event> = {
    name: 'full',
    open: async () => {},
    write: async () => {
      throw new Error('no space left');
    },
    flush: async () => 0,
    close: async () => {},
  };
  const failing = run({ pipeline: small(), source: log([1, 2, END]), store, sinks: { results: [full] } });
  await expect(failing).rejects.toThrow('no space left');
  expect(await store.load('log')).toBeUndefined();
});

/** Saves that last until they are let go, and how many were on their way at once. */
function slowStore() {
  const inner = new MemoryStore();
  const waiting: { readonly next: number; readonly go: (error?: Error) => void }[] = [];
  const store: CheckpointStore = {
    load: (shard, upTo) => inner.load(shard, upTo),
    async save(checkpoint) {
      await inner.save(checkpoint);
      await new Promise<void>((resolve, reject) => {
        waiting.push({ next: checkpoint.next, go: (error) => (error ? reject(error) : resolve()) });
      });
    },
  };
  return { store, inner, waiting };
}

test('rows go on while a checkpoint is written, no two are written at once, and the run ends with the last', async () => {
  const { store, inner, waiting } = slowStore();
  const seen: number[] = [];
  let most = 0;
  const done = run({
    pipeline: small(),
    source: log([...numbers.slice(0, 100), END], { batchRows: 10 }),
    store,
    checkpointRows: 40,
    onBatch: ({ next }) => {
      most = Math.max(most, waiting.length);
      seen.push(next);
    },
  });
  const soon = () => new Promise((resolve) => setTimeout(resolve, 30));
  await soon();
  expect(waiting.map(({ next }) => next)).toEqual([40]);
  expect(seen.at(-1)).toBe(80);
  waiting.shift()?.go();
  await soon();
  expect(waiting.map(({ next }) => next)).toEqual([80]);
  expect(seen.at(-1)).toBe(100);
  let ended = false;
  void done.then(() => {
    ended = true;
  });
  waiting.shift()?.go();
  await soon();
  expect(ended).toBe(false);
  waiting.shift()?.go();
  expect((await done).checkpoints).toBe(3);
  expect((await inner.load('log'))?.next).toBe(100);
  expect(most).toBe(1);
});

test('a save that fails ends the run at the next batch, with its error', async () => {
  const { store, waiting } = slowStore();
  const seen: number[] = [];
  const done = run({
    pipeline: small(),
    source: log([...numbers, END], { batchRows: 10 }),
    store,
    checkpointRows: 40,
    onBatch: ({ next }) => {
      seen.push(next);
      if (next === 60) waiting.shift()?.go(new Error('no space left'));
    },
  });
  await expect(done).rejects.toThrow('no space left');
  expect(seen.at(-1)).toBeLessThanOrEqual(70);
});

test('the state can be looked at when a shard is done', async () => {
  const seen: string[] = [];
  await run({
    pipeline: small(),
    source: log([1, 2, 3, END]),
    onEnd: (shard, state) => seen.push(shard, ...Object.keys(state), String(state.remember.rows.numRows)),
  });
  expect(seen).toEqual(['log', 'remember', 'interval', 'detect', '1']);
});

test('a run without a store begins its outputs afresh', async () => {
  const at = folder();
  writeFileSync(join(at, 'a.ndjson'), 'old\n');
  const summary = await run({
    pipeline: small(),
    source: log([1, 2, END]),
    sinks: { results: [sinkOf(join(at, 'a.ndjson'), outputs.results(shape))] },
  });
  expect(summary.checkpoints).toBe(0);
  expect(readFileSync(join(at, 'a.ndjson'), 'utf8')).not.toContain('old');
});

test('alerts come with the time that had come by then, however the log is cut', async () => {
  const draw = normal(chance(5));
  const [keys, slots, jump, second] = [12, 190, 160, 1000];
  const rows = Array.from({ length: keys * slots }, (_, i) => {
    const [key, slot] = [i % keys, Math.floor(i / keys)];
    // Of one key every row comes ten slots late.
    const timeMs = startMs + (slot - (key === 3 ? 10 : 0)) * 10 * second;
    return { key: `k${key}`, timeMs, values: [20 + draw() + (slot >= jump && slot < jump + 3 ? 15 : 0)], offset: i };
  });
  const cutInto = (size: number): Source => ({
    open: async () => ({ shards: ['log'], channels: ['v'], identity: 'log' }),
    async *read() {
      for (let at = 0; at < rows.length; at += size) {
        const next = Math.min(rows.length, at + size);
        yield { shard: 'log', rows: rows.slice(at, next), rejects: [], next, ends: next === rows.length };
      }
    },
  });
  const stages = [
    { normalize: {} },
    { remember: { memory: 'last-value', horizons: [1] } },
    { interval: {} },
    { detect: { warmupRows: 100 } },
    { episode: {} },
    { together: { warmupSlots: 50, warmupRows: 20 } },
  ];
  const made = pipelineOf(parseSpec({ name: 'jump', stages }));
  const told = async (size: number) => {
    const list: [string, number, number, number][] = [];
    const sink: AlertOutput = {
      ...{ name: 'alerts', open: async () => {}, flush: async () => 0, close: async () => {} },
      async write(alerts, _, cameMs = []) {
        for (const [i, { id, revision, timeMs }] of alerts.entries()) list.push([id, revision, timeMs, cameMs[i] ?? 0]);
      },
    };
    await run({
      pipeline: withAlerts(made, { rules: [{ name: 'any' }] }),
      source: cutInto(size),
      sinks: { alerts: [sink] },
    });
    return list;
  };
  const whole = await told(rows.length);
  expect(whole.length).toBeGreaterThan(3);
  expect(whole.every(([, , timeMs, came]) => came >= timeMs)).toBe(true);
  // Of the late key, and of a crowd that is told when it is known.
  expect(whole.some(([, , timeMs, came]) => came > timeMs)).toBe(true);
  expect(await told(7)).toEqual(whole);
  expect(await told(256)).toEqual(whole);
}, 30_000);

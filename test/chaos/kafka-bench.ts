import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Kafka } from 'kafkajs';
import { Cluster } from '../kafka/broker.js';
import { produce } from '../kafka/harness.js';
import { clientOf, createTopic } from '../kafka/with-broker.js';
import { Line, type Stretch } from './kafka-bench-line.js';

const here = dirname(fileURLToPath(import.meta.url));
const partitions = 4;
/** Below this share of the records a process is still warming up: compiling, joining, opening connections. */
const warmShare = 0.25;

type Role = 'raw' | 'loop' | 'quick' | 'engine' | 'light';

export interface Speed {
  readonly workers: number;
  readonly eventsPerSecond: number;
  /** Of the measured processes alone, whatever the broker needs beside them. */
  readonly cpuMicrosPerEvent: number;
  /** What one core of the machine is good for at that price. */
  readonly eventsPerCoreSecond: number;
}

export interface Latency {
  readonly load: string;
  readonly commitMs: number;
  readonly eventsPerSecond: number;
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

export interface BenchPlan {
  readonly events: number;
  /** Every figure is the median of so many rounds, the roles taking turns. */
  readonly rounds: number;
  readonly latencySeconds: number;
  /** Events per second at which the time from event to result is taken; 0 is half of the highest that is kept up with. */
  readonly rates: readonly number[];
  readonly log: (line: string) => void;
}

interface Progress {
  readonly records: number;
  readonly atMs: number;
  readonly cpuMicros: number;
}

/** One measured process. */
class Measured {
  readonly progress: Progress[] = [];
  live = 0;
  readonly #child: ReturnType<typeof spawn>;
  readonly #gone: Promise<unknown>;

  constructor(settings: object, told: () => void, flags: readonly string[] = []) {
    const file = join(here, 'kafka-bench-worker.mjs');
    this.#child = spawn(process.execPath, [...flags, file, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#gone = once(this.#child, 'exit');
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const event = JSON.parse(line) as Partial<Progress> & { live?: string };
      if (event.live) this.live++;
      else this.progress.push(event as Progress);
      told();
    });
  }

  get records(): number {
    return this.progress.at(-1)?.records ?? 0;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#gone;
  }
}

/** What stands the same in every run. */
interface Stand {
  readonly kafka: Kafka;
  readonly addresses: readonly string[];
  readonly flags: readonly string[];
  runs: number;
}

function settingsOf(stand: Stand, role: Role, input: string, pad: number) {
  const name = `${role}-${stand.runs++}`;
  return { role, brokers: stand.addresses, input, output: `${name}.out`, group: name, partitions, pad };
}

/** Reads the whole input in so many processes and measures from a quarter of it to the end. */
async function measure(stand: Stand, role: Role, workers: number, events: number, pad: number): Promise<Speed> {
  const settings = settingsOf(stand, role, 'in', pad);
  await createTopic(stand.kafka, settings.output, partitions);
  const all: Measured[] = [];
  const total = (): number => all.reduce((sum, { records }) => sum + records, 0);
  let first: { total: number; atMs: number; cpu: number } | undefined;
  const now = () => ({
    total: total(),
    atMs: Math.max(...all.map(({ progress }) => progress.at(-1)?.atMs ?? 0)),
    cpu: all.reduce((sum, { progress }) => sum + (progress.at(-1)?.cpuMicros ?? 0), 0),
  });
  await new Promise<void>((done) => {
    const told = (): void => {
      if (!first && total() >= warmShare * events) first = now();
      if (total() >= events) done();
    };
    for (let i = 0; i < workers; i++) all.push(new Measured(settings, told, stand.flags));
  });
  const last = now();
  await Promise.all(all.map((one) => one.stop()));
  if (!first) throw new Error('measured nothing');
  const cpuMicrosPerEvent = (last.cpu - first.cpu) / (last.total - first.total);
  return {
    workers,
    eventsPerSecond: Math.round((1000 * (last.total - first.total)) / (last.atMs - first.atMs)),
    cpuMicrosPerEvent: Math.round(10 * cpuMicrosPerEvent) / 10,
    eventsPerCoreSecond: Math.round(1e6 / cpuMicrosPerEvent),
  };
}

const middleOf = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

const medianOf = (speeds: readonly Speed[]): Speed => ({
  workers: speeds[0].workers,
  eventsPerSecond: middleOf(speeds.map(({ eventsPerSecond }) => eventsPerSecond)),
  cpuMicrosPerEvent: middleOf(speeds.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)),
  eventsPerCoreSecond: middleOf(speeds.map(({ eventsPerCoreSecond }) => eventsPerCoreSecond)),
});

/** Speed of reading alone, of the loop without a model, and of the engine, on one broker in one run; then the latency. */
export async function kafkaBench(plan: BenchPlan) {
  const { events, rounds, log } = plan;
  const cluster = await Cluster.start({ heapMb: 768, optimized: true });
  const stand: Stand = {
    kafka: clientOf(cluster.addresses),
    addresses: cluster.addresses,
    flags: (process.env.ENGRAM_BENCH_FLAGS ?? '').split(' ').filter(Boolean),
    runs: 0,
  };
  const only = process.env.ENGRAM_BENCH_ONLY?.split(',');
  try {
    await createTopic(stand.kafka, 'in', partitions);
    await produce(
      stand.kafka,
      'in',
      Array.from({ length: events }, (_, i) => ({
        ...{ partition: i % partitions, key: `sensor-${i % 1000}` },
        value: JSON.stringify({ value: Math.round(100 * Math.sin(i / 50)) + (i % 7) }),
      })),
      5000,
    );
    const found = new Map<string, Speed[]>();
    const take = async (name: string, role: Role, workers: number, pad = 0): Promise<void> => {
      if (only && !only.includes(role)) return;
      const speed = await measure(stand, role, workers, events, pad);
      found.set(name, [...(found.get(name) ?? []), speed]);
      log(`${name}: ${speed.eventsPerSecond} events/s, ${speed.cpuMicrosPerEvent} µs of processor time per event`);
    };
    // What a result of the light pipeline weighs: the other writers write as much.
    const size = 370;
    const pad = size - 25;
    for (let round = 0; round < rounds; round++) {
      await take('raw consume', 'raw', 1);
      await take('loop without a model', 'loop', 1, pad);
      await take('the same loop with the engine’s writer', 'quick', 1, pad);
      await take('engine without a step', 'engine', 1, pad);
      await take('full pipeline (light)', 'light', 1);
      await take('full pipeline (light), two workers', 'light', 2);
    }
    const speeds = Object.fromEntries([...found].map(([name, all]) => [name, medianOf(all)]));
    // The whole set-up shares the machine: load, broker, worker and reader.
    const { sustained, latency } = await latencies(stand, plan, 60_000);
    return { events, partitions, rounds, rowBytes: size, speeds, sustained, latency };
  } finally {
    await cluster.stop();
  }
}

/** The pipeline between a steady load and a reader of committed results: how much it can keep up with, and how long a result takes. */
async function latencies(stand: Stand, plan: BenchPlan, most: number) {
  const { kafka } = stand;
  const { rates, rounds, latencySeconds, log } = plan;
  const settings = settingsOf(stand, 'light', 'timed', 0);
  await createTopic(kafka, settings.input, partitions);
  await createTopic(kafka, settings.output, partitions);
  let ready: () => void = () => {};
  const live = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const worker = new Measured(settings, () => worker.live === partitions && ready(), stand.flags);
  await live;
  const line = await Line.open(kafka, stand.addresses[0], settings.input, settings.output, partitions);
  // What is hot is compiled before anything is measured.
  await line.stretch(5000, 6);
  const trials: { readonly rate: number; readonly lag: Stretch['lag']; readonly sustained: boolean }[] = [];
  const sustained = await highest(1000, most, async (rate) => {
    const { lag, sustained, p99Ms } = await line.stretch(rate, 6);
    trials.push({ rate, lag, sustained });
    log(
      `${rate} events/s: ${sustained ? 'kept up with' : 'too much'}, lag ${lag.first} to ${lag.last}, p99 ${p99Ms} ms`,
    );
    return sustained;
  });
  const latency: Latency[] = [];
  for (const rate of rates) {
    const load = rate > 0 ? `${rate.toLocaleString('en-US')} events/s` : 'half load';
    const stretches: Stretch[] = [];
    for (let round = 0; round < rounds; round++) {
      const stretch = await line.stretch(rate || sustained / 2, latencySeconds);
      log(`at ${stretch.eventsPerSecond} events/s (${load}): p50 ${stretch.p50Ms} ms, p99 ${stretch.p99Ms} ms`);
      stretches.push(stretch);
    }
    const { eventsPerSecond, events } = stretches[0];
    const [p50Ms, p99Ms, mostMs] = (['p50Ms', 'p99Ms', 'mostMs'] as const).map((figure) =>
      middleOf(stretches.map((stretch) => stretch[figure])),
    );
    latency.push({ load, commitMs: 100, eventsPerSecond, events, p50Ms, p99Ms, mostMs });
  }
  await line.close();
  await worker.stop();
  return { sustained: { eventsPerSecond: sustained, trials }, latency };
}

/** The highest rate between two that holds, to a twentieth; found by halving. */
async function highest(low: number, high: number, holds: (rate: number) => Promise<boolean>): Promise<number> {
  let [from, to] = [low, high];
  if (await holds(to)) return to;
  while (to - from > to / 20) {
    const middle = Math.round((from + to) / 200) * 100;
    if (await holds(middle)) from = middle;
    else to = middle;
  }
  return from;
}

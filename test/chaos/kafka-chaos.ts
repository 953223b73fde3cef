import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Kafka } from 'kafkajs';
import { Cluster, type ClusterOptions, sleep } from '../kafka/broker.js';
import { committedOf, drained, endsOf, readAll } from '../kafka/harness.js';
import { clientOf, createTopic } from '../kafka/with-broker.js';
import { type Fault, type Happened, Striker, Watch } from './kafka-faults.js';

export interface ChaosPlan {
  readonly events: number;
  readonly keys: number;
  readonly partitions: number;
  readonly workers: number;
  readonly kills: number;
  readonly zombies: number;
  readonly rebalances: number;
  readonly brokerRestarts: number;
  readonly seed: number;
  readonly cluster?: ClusterOptions;
  /** The pipeline holds rows back: `reorder` and `align` before the steps, and event times that jump. */
  readonly held?: boolean;
  /** Checkpoints lie in a Kafka topic instead of a folder. */
  readonly stateTopic?: boolean;
  /** So many faults must have happened, not only have been asked for. */
  readonly least: Partial<Happened>;
  /** Told what is going on, one line each. */
  readonly log?: (line: string) => void;
}

export interface ChaosReport {
  readonly seconds: number;
  readonly records: number;
  readonly results: number;
  readonly deadLetters: number;
  readonly faults: Record<string, number>;
  readonly happened: Happened;
  /** What the workers told, by type. */
  readonly told: Record<string, number>;
  /** SHA-256 of all results in order of partition and offset: of the disturbed run, the calm one, and as Java reads it. */
  readonly digests: { readonly chaos: string; readonly calm: string; readonly java: string };
  readonly problems: readonly string[];
}

const here = dirname(fileURLToPath(import.meta.url));
const sessionMs = 3000;

/** Random numbers from a seed (mulberry32), so that a schedule can be run again. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a worker process tells of itself, when, and which one it is. */
export interface Told {
  readonly pid: number;
  readonly atMs: number;
  readonly type: string;
  readonly shard?: string;
  readonly shards?: readonly string[];
  readonly error?: string;
  readonly how?: string;
  readonly replayed?: number;
  readonly fenced?: boolean;
  /** Of a checkpoint. */
  readonly bytes?: number;
}

/** Worker processes that are replaced when they die. */
export class Crew {
  readonly told: Record<string, number> = {};
  readonly problems: string[] = [];
  readonly #members = new Set<ChildProcess>();
  readonly #killed = new Set<ChildProcess>();

  constructor(
    readonly settings: object,
    readonly log: (line: string) => void,
    readonly onTold: (event: Told) => void = () => {},
  ) {}

  get members(): ChildProcess[] {
    return [...this.#members];
  }

  hire(): ChildProcess {
    const child = spawn(process.execPath, [join(here, 'kafka-worker.mjs'), JSON.stringify(this.settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#members.add(child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = { ...(JSON.parse(line) as Told), pid: child.pid ?? 0, atMs: performance.now() };
      this.onTold(event);
      this.told[event.type] = (this.told[event.type] ?? 0) + 1;
      if (event.how?.startsWith('COLD')) this.problems.push(line);
      if (event.type === 'failed') this.problems.push(line);
      if (['dropped', 'reader-failed', 'failed', 'checkpoint-failed'].includes(event.type))
        this.log(`  ${child.pid} ${line.slice(0, 260)}`);
    });
    child.once('exit', (code, signal) => {
      this.#members.delete(child);
      // 1 is the worker's own word that it cannot go on; a signal is ours, if it was ours.
      if (code === 1 || (code !== 0 && !this.#killed.has(child))) {
        this.problems.push(`worker ${child.pid} ended by itself: ${code ?? signal}`);
      }
    });
    return child;
  }

  async kill(child: ChildProcess): Promise<void> {
    this.#killed.add(child);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async dismiss(child: ChildProcess): Promise<void> {
    // It may be told before it has begun to listen.
    this.#killed.add(child);
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    const late = setTimeout(() => {
      this.problems.push(`worker ${child.pid} did not end within 30 s of SIGTERM`);
      child.kill('SIGKILL');
    }, 30_000);
    await gone;
    clearTimeout(late);
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((child) => this.dismiss(child)));
  }
}

/** Writes the input in transactions, some of which it aborts, with some records that cannot be used. */
class Feeder {
  #made = 0;
  #batch = 0;
  #waiting: { key: string; value: string; partition: number }[] | undefined;
  /** Records that readers must see. */
  visible = 0;
  /** Of these, records no worker can use. */
  poison = 0;

  constructor(
    readonly kafka: Kafka,
    readonly topic: string,
    readonly plan: ChaosPlan,
    readonly random: () => number,
  ) {}

  /**
   * Writes on while one of three brokers is away, which no transaction of kafkajs would survive: without any. What fails is
   * written again by a new producer, so some records may be there twice; `recount` says how many there are.
   */
  async writeThrough(upTo: number): Promise<void> {
    while (this.#made < upTo) {
      const producer = this.kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
      try {
        await producer.connect();
        for (; this.#made < upTo; await sleep(20)) {
          this.#waiting ??= this.#messages(Math.min(upTo - this.#made, 100)).messages;
          await producer.send({ topic: this.topic, messages: this.#waiting });
          this.#made += this.#waiting.length;
          this.#waiting = undefined;
        }
      } catch (error) {
        this.plan.log?.(`  writing again: ${(error as Error).message}`);
        await sleep(200);
      } finally {
        await producer.disconnect().catch(() => {});
      }
    }
  }

  /** Counts what the input holds, where that is not known from writing it. */
  async recount(): Promise<void> {
    if (this.plan.cluster?.brokers !== 3) return;
    const rows = await readAll(this.kafka, this.topic, this.#made);
    this.visible = rows.length;
    this.poison = rows.filter(({ value }) => !/^\{"value":(?!2000000\})\d+/.test(value ?? '')).length;
  }

  #messages(size: number) {
    const { plan, random } = this;
    let poison = 0;
    const messages = Array.from({ length: size }, (_, i) => {
      const n = this.#made + i;
      const key = Math.floor(random() * plan.keys);
      const bad = random() < 0.01;
      if (bad) poison++;
      const value = bad
        ? ['{', '{"value":"x"}', '{"value":2000000}', '[]'][n % 4]
        : JSON.stringify({ value: Math.floor(random() * 1e6), n, ...(plan.held ? { at: this.#timeOf(n) } : {}) });
      return { key: `sensor-${key}`, value, partition: key % plan.partitions };
    });
    return { messages, poison };
  }

  /** A second per record of the log; every third comes up to 60 s early or late, some by minutes, which is too late. */
  #timeOf(n: number): number {
    const { random } = this;
    const jump = random();
    const offMs = jump < 0.01 ? -600_000 * random() : jump < 0.33 ? 120_000 * (random() - 0.5) : 0;
    return Date.UTC(2026, 0, 1) + 1000 * n + Math.round(offMs);
  }

  async write(upTo: number): Promise<void> {
    const { kafka, plan, random } = this;
    if (plan.cluster?.brokers === 3) return this.writeThrough(upTo);
    const producer = kafka.producer({
      transactionalId: `${this.topic}-feeder-${this.#batch}`,
      transactionTimeout: 5000,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    while (this.#made < upTo) {
      const size = Math.min(upTo - this.#made, 200 + Math.floor(random() * 800));
      const aborted = random() < 0.1;
      const { messages, poison } = this.#messages(size);
      const transaction = await producer.transaction();
      await transaction.send({ topic: this.topic, messages });
      if (aborted) await transaction.abort();
      else {
        await transaction.commit();
        this.#made += size;
        this.visible += size;
        this.poison += poison;
      }
      this.#batch++;
    }
    await producer.disconnect();
  }
}

/** Runs workers through faults on a real cluster, then once undisturbed, and compares byte by byte. */
export async function chaos(plan: ChaosPlan): Promise<ChaosReport> {
  const began = performance.now();
  const random = dice(plan.seed);
  const log = plan.log ?? (() => {});
  const cluster = await Cluster.start(plan.cluster);
  const folder = await mkdtemp(join(tmpdir(), 'engram-chaos-'));
  const kafka = clientOf(cluster.addresses);
  const input = 'traffic';
  const settings = (name: string) => ({
    brokers: cluster.addresses,
    input,
    group: name,
    output: name,
    ...(plan.stateTopic ? { stateTopic: `${name}.state` } : { folder: join(folder, name) }),
    ...(plan.held ? { held: true } : {}),
    sessionMs,
  });
  const watch = new Watch();
  const crew = new Crew(settings('chaos'), log, (event) => watch.see(event));
  const striker = new Striker(crew, watch, cluster, random, sessionMs);
  const calm = new Crew(settings('calm'), log);
  try {
    await createTopic(kafka, input, plan.partitions);
    const feeder = new Feeder(kafka, input, plan, random);
    for (let i = 0; i < plan.workers; i++) crew.hire();
    const faults = shuffle(
      [
        ...Array<Fault>(plan.kills).fill('kill'),
        ...Array<Fault>(plan.zombies).fill('zombie'),
        ...Array<Fault>(plan.rebalances).fill('rebalance'),
        ...Array<Fault>(plan.brokerRestarts).fill('broker'),
      ],
      random,
    );
    await feeder.write(Math.floor(plan.events / (faults.length + 1)));
    for (const [step, fault] of faults.entries()) {
      log(
        `${Math.round((performance.now() - began) / 1000)} s: fault ${step + 1} of ${faults.length}: ${fault}, ${crew.members.length} workers`,
      );
      const upTo = Math.floor((plan.events * (step + 2)) / (faults.length + 1));
      // While the only broker is away nothing can be written; otherwise writing goes on during the fault.
      const away = fault === 'broker' && cluster.brokerIds.length === 1;
      await Promise.all([striker.strike(fault), away ? undefined : feeder.write(upTo)]);
      await feeder.write(upTo);
      await sleep(random() * 1500);
      while (crew.members.length < plan.workers) crew.hire();
    }
    await drained(kafka, 'chaos', input, 600_000);
    await crew.end();
    await feeder.recount();
    log(`${Math.round((performance.now() - began) / 1000)} s: drained; the calm run begins`);
    calm.hire();
    await drained(kafka, 'calm', input, 600_000);
    await calm.end();

    const problems = [...crew.problems, ...calm.problems];
    const expect = (what: string, found: unknown, expected: unknown): void => {
      if (found !== expected) problems.push(`${what}: expected ${expected}, found ${found}`);
    };
    // Where rows are held back or refused as late only the calm run knows how many there are.
    const usable = feeder.visible - feeder.poison;
    const undisturbed = await digestOf(kafka, 'calm.forecasts', plan.held ? usable / 2 : usable);
    const undisturbedLetters = await digestOf(kafka, 'calm.dlq', feeder.poison);
    const results = await digestOf(kafka, 'chaos.forecasts', undisturbed.rows);
    const letters = await digestOf(kafka, 'chaos.dlq', undisturbedLetters.rows);
    const java = await javaDigestOf(cluster, 'chaos.forecasts', results.rows);
    expect('results', results.rows, plan.held ? undisturbed.rows : usable);
    expect('dead letters', letters.rows, plan.held ? undisturbedLetters.rows : feeder.poison);
    if (plan.held) {
      if (results.rows < usable / 2)
        problems.push(`expected at least half of ${usable} rows as results, found ${results.rows}`);
      if (letters.rows <= feeder.poison) problems.push('expected rows that came too late, found none');
    }
    const happened = striker.count();
    for (const [name, least] of Object.entries(plan.least)) {
      const found = happened[name as keyof Happened];
      if (found < least) problems.push(`${name}: expected at least ${least} to have happened, ${found} did`);
    }
    expect('ids that occur twice', results.rows - results.ids, 0);
    expect('results against the calm run', results.digest, undisturbed.digest);
    expect('dead letters against the calm run', letters.digest, undisturbedLetters.digest);
    expect('results as Java reads them', java, results.plain);
    const ends = await endsOf(kafka, input);
    for (const [partition, offset] of await committedOf(kafka, 'chaos', input)) {
      expect(`offset of partition ${partition}`, offset, ends.get(partition));
    }
    const { kills, zombies, rebalances, brokerRestarts } = plan;
    return {
      seconds: (performance.now() - began) / 1000,
      records: feeder.visible,
      results: results.rows,
      deadLetters: letters.rows,
      faults: { kills, zombies, rebalances, brokerRestarts },
      happened,
      told: crew.told,
      digests: { chaos: results.digest, calm: undisturbed.digest, java },
      problems,
    };
  } finally {
    for (const child of [...crew.members, ...calm.members]) child.kill('SIGKILL');
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function shuffle<T>(list: T[], random: () => number): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** What a reader of committed records finds: how many rows and ids, and a digest of all in order. */
export async function digestOf(
  kafka: Kafka,
  topic: string,
  atLeast: number,
): Promise<{ rows: number; ids: number; digest: string; plain: string }> {
  const rows = await readAll(kafka, topic, atLeast);
  const full = createHash('sha256');
  const plain = new Map<number, ReturnType<typeof createHash>>();
  const ids = new Set<string>();
  for (const { partition, key, value, headers } of rows) {
    // The group differs between the two runs.
    delete headers['x-error-app'];
    full.update(`${partition}\t${key}\t${value}\t${JSON.stringify(headers)}\n`);
    ids.add(headers['engram-id']);
    const hash = plain.get(partition) ?? createHash('sha256');
    plain.set(partition, hash.update(`${key}\t${value}\n`));
  }
  return { rows: rows.length, ids: ids.size, digest: full.digest('hex'), plain: joined(plain) };
}

/** The same from Kafka's own console consumer, an independent reader of transactions. */
async function javaDigestOf(cluster: Cluster, topic: string, rows: number): Promise<string> {
  const plain = new Map<number, ReturnType<typeof createHash>>();
  const config = join(cluster.folder, 'referee.properties');
  await writeFile(config, 'isolation.level=read_committed\nauto.offset.reset=earliest\n');
  const lines = cluster.lines(
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    ...['--bootstrap-server', cluster.addresses.join(','), '--topic', topic, '--from-beginning'],
    ...['--isolation-level', 'read_committed'],
    // One more than there should be, so that it would tell of it; on a busy machine it takes its time to begin.
    ...['--max-messages', String(rows + 1), '--timeout-ms', '30000'],
    ...['--property', 'print.partition=true', '--property', 'print.key=true'],
  );
  let found = 0;
  for await (const line of lines) {
    const parts = /^Partition:(\d+)\t([^\t]*)\t(.*)$/.exec(line);
    if (!parts) continue;
    found++;
    const partition = Number(parts[1]);
    plain.set(partition, (plain.get(partition) ?? createHash('sha256')).update(`${parts[2]}\t${parts[3]}\n`));
  }
  return found === rows ? joined(plain) : `${found} rows instead of ${rows}: ${joined(plain)}`;
}

const joined = (hashes: Map<number, ReturnType<typeof createHash>>): string => {
  const all = createHash('sha256');
  for (const [partition, hash] of [...hashes].sort(([a], [b]) => a - b))
    all.update(`${partition} ${hash.digest('hex')}\n`);
  return all.digest('hex');
};

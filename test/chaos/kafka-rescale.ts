import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kafka } from 'kafkajs';
import { sleep } from '../kafka/broker.js';
import { drained, endsOf, produce } from '../kafka/harness.js';
import { createTopic } from '../kafka/with-broker.js';
import { Crew, dice, digestOf, type Told } from './kafka-chaos.js';

export interface RescalePlan {
  readonly addresses: readonly string[];
  /** Of topics and groups, so that several may share a broker. */
  readonly prefix: string;
  readonly events: number;
  readonly keys: number;
  readonly partitions: number;
  /** Events per second while processes come and go. */
  readonly rate: number;
  /** Checkpoints lie in a Kafka topic instead of a folder that all processes see. */
  readonly stateTopic?: boolean;
  readonly log?: (line: string) => void;
}

/** How long a change of the number of processes was felt. */
export interface Rescale {
  readonly from: number;
  readonly to: number;
  /** From the start of the new processes, or the signal to the one that goes, until every partition is live again. */
  readonly ownedAgainMs: number;
  readonly movedShards: number;
  /** From the last commit of the old owner to the first of the new one, the longest of all that moved. */
  readonly gapMs: number;
}

export interface Handover {
  readonly keys: number;
  readonly checkpointBytes: number;
  /** From the last commit of the old owner until the new one is live. */
  readonly ms: number;
  readonly replayed: number;
}

/** Who works on which shard, by what the processes tell. */
class Roll {
  readonly #assigned = new Map<number, { shards: readonly string[]; atMs: number }>();
  readonly #live = new Map<number, Set<string>>();
  readonly #commits = new Map<string, { pid: number; atMs: number }>();
  /** Commits that followed one of another process. */
  readonly moved: { shard: string; gapMs: number }[] = [];
  readonly told: Told[] = [];

  see(event: Told): void {
    const { pid, atMs, type, shard = '', shards } = event;
    const live = this.#live.get(pid) ?? new Set();
    this.#live.set(pid, live);
    if (type !== 'committed') this.told.push(event);
    if (type === 'assigned' && shards) this.#assigned.set(pid, { shards, atMs });
    else if (type === 'live') live.add(shard);
    else if (type === 'revoked' || type === 'dropped') live.delete(shard);
    else if (type === 'committed') {
      const before = this.#commits.get(shard);
      if (before && before.pid !== pid) this.moved.push({ shard, gapMs: Math.round(atMs - before.atMs) });
      this.#commits.set(shard, { pid, atMs });
    }
  }

  lastCommit(shard: string): number {
    return this.#commits.get(shard)?.atMs ?? 0;
  }

  /** Resolves when each of these processes was assigned anew and all shards are live. */
  async settled(pids: readonly number[], shards: number, sinceMs: number): Promise<number> {
    for (const until = performance.now() + 60_000; performance.now() < until; await sleep(10)) {
      const owned = pids.map((pid) => this.#assigned.get(pid));
      if (!owned.every((one) => one && one.atMs > sinceMs)) continue;
      const live = pids.flatMap((pid, i) => owned[i]?.shards.filter((shard) => this.#live.get(pid)?.has(shard)) ?? []);
      if (new Set(live).size === shards && live.length === shards) return performance.now() - sinceMs;
    }
    throw new Error(`not all of ${shards} shards were live within 60 s`);
  }
}

/** Writes events at a steady rate until it is told to stop; then the rest at once. */
async function feed(kafka: Kafka, topic: string, plan: RescalePlan, random: () => number) {
  let made = 0;
  let going = true;
  const write = async (count: number): Promise<void> => {
    const rows = Array.from({ length: count }, () => {
      const key = Math.floor(random() * plan.keys);
      const value = JSON.stringify({ value: Math.floor(random() * 1e6) });
      return { partition: key % plan.partitions, key: `sensor-${key}`, value };
    });
    made += count;
    await produce(kafka, topic, rows);
  };
  await write(Math.floor(plan.events / 4));
  const done = (async () => {
    for (; going && made < plan.events; await sleep(100)) await write(Math.min(plan.rate / 10, plan.events - made));
  })();
  return async (): Promise<void> => {
    going = false;
    await done;
    if (made < plan.events) await write(plan.events - made);
  };
}

/** Where the processes of a group have their checkpoints: one folder, as on a shared volume, or one topic. */
const placeOf = (stateTopic: boolean, folder: string, name: string) =>
  stateTopic ? { stateTopic: `${name}.state` } : { folder: join(folder, name) };

/** One process, three, two, under load; then everything again by one: the output must be the same, byte for byte. */
export async function rescale(kafka: Kafka, plan: RescalePlan) {
  const { addresses, prefix, partitions, stateTopic = false, log = () => {} } = plan;
  const folder = await mkdtemp(join(tmpdir(), 'engram-rescale-'));
  const input = `${prefix}-in`;
  const settings = (name: string) => ({
    ...{ brokers: addresses, input, group: name, output: name, commits: true },
    ...placeOf(stateTopic, folder, name),
  });
  const roll = new Roll();
  const crew = new Crew(settings(`${prefix}-many`), log, (event) => roll.see(event));
  const single = new Crew(settings(`${prefix}-one`), log);
  const leaving = new Map<number, Promise<void>>();
  const pids = (): number[] => crew.members.map(({ pid }) => pid ?? 0).filter((pid) => !leaving.has(pid));
  const rescales: Rescale[] = [];
  const change = async (from: number, to: number, act: () => unknown): Promise<void> => {
    const sinceMs = performance.now();
    const before = roll.moved.length;
    act();
    const ownedAgainMs = Math.round(await roll.settled(pids(), partitions, sinceMs));
    await sleep(1000);
    const moved = roll.moved.slice(before);
    const gapMs = Math.max(0, ...moved.map((one) => one.gapMs));
    rescales.push({ from, to, ownedAgainMs, movedShards: moved.length, gapMs });
    log(`${from} to ${to}: ${JSON.stringify(rescales.at(-1))}`);
  };
  try {
    await createTopic(kafka, input, partitions);
    const finish = await feed(kafka, input, plan, dice(7));
    const sinceMs = performance.now();
    crew.hire();
    await roll.settled(pids(), partitions, sinceMs);
    const [first] = pids();
    await sleep(1000);
    await change(1, 3, () => {
      crew.hire();
      crew.hire();
    });
    const [, goes] = crew.members;
    await change(3, 2, () => leaving.set(goes.pid ?? 0, crew.dismiss(goes)));
    await Promise.all(leaving.values());
    await finish();
    await drained(kafka, `${prefix}-many`, input, 120_000);
    await crew.end();
    single.hire();
    await drained(kafka, `${prefix}-one`, input, 120_000);
    await single.end();
    // What is in the log: the one who writes it is no exactly-once writer, a request that is tried again may count twice.
    const events = [...(await endsOf(kafka, input)).values()].reduce((sum, end) => sum + end, 0);
    const many = await digestOf(kafka, `${prefix}-many.forecasts`, events);
    const one = await digestOf(kafka, `${prefix}-one.forecasts`, events);
    // By the process that was there all the time: the partitions it kept were not loaded again.
    const restored = roll.told.filter(({ pid, type }) => pid === first && type === 'restored').length;
    return {
      restored,
      ...{ events, keys: plan.keys, partitions, rescales, rows: many.rows, twice: many.rows - many.ids },
      digests: { many: many.digest, one: one.digest },
      problems: [...crew.problems, ...single.problems],
    };
  } finally {
    for (const child of [...crew.members, ...single.members]) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

/** A second process comes and takes over one of two shards, each with so many keys of the light pipeline. */
export async function handover(
  kafka: Kafka,
  { addresses, prefix, keys, stateTopic = false }: Pick<RescalePlan, 'addresses' | 'prefix' | 'keys' | 'stateTopic'>,
): Promise<Handover> {
  const folder = await mkdtemp(join(tmpdir(), 'engram-handover-'));
  const input = `${prefix}-in`;
  const roll = new Roll();
  const crew = new Crew(
    {
      ...{ brokers: addresses, input, group: prefix, output: prefix, shipped: 'light', commits: true },
      ...{ ...placeOf(stateTopic, folder, prefix), checkpointMs: 5000 },
    },
    () => {},
    (event) => roll.see(event),
  );
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => {
      const key = (from + i) % (2 * keys);
      return { partition: key % 2, key: `sensor-${key}`, value: JSON.stringify({ value: (from + i) % 97 }) };
    });
  try {
    await createTopic(kafka, input, 2);
    await produce(kafka, input, rows(0, 6 * keys));
    crew.hire();
    await drained(kafka, prefix, input, 120_000);
    // Events go on while the partition moves.
    let going = true;
    const feeding = (async () => {
      for (let made = 6 * keys; going; made += 100, await sleep(50))
        await produce(kafka, input, rows(made, made + 100));
    })();
    await sleep(2000);
    // As in any process that has been at work for a while.
    const saved = () => new Set(roll.told.filter(({ type }) => type === 'checkpoint').map(({ shard }) => shard)).size;
    for (const until = performance.now() + 60_000; saved() < 2 && performance.now() < until; ) await sleep(50);
    const commits = new Map(['0', '1'].map((n) => [`${input}-${n}`, 0]));
    const stopAt = new Map<string, number>();
    const newcomer = crew.hire();
    let live: Told | undefined;
    for (const until = performance.now() + 60_000; !live && performance.now() < until; await sleep(5)) {
      live = roll.told.find(({ pid, type }) => pid === newcomer.pid && type === 'live');
      // The old owner's last commit, before the newcomer's first.
      if (!live) for (const shard of commits.keys()) stopAt.set(shard, roll.lastCommit(shard));
    }
    going = false;
    await feeding;
    if (!live) throw new Error('nothing was handed over within 60 s');
    await crew.end();
    if (crew.problems.length > 0) throw new Error(crew.problems.join('\n'));
    const ms = Math.round(live.atMs - (stopAt.get(live.shard ?? '') ?? 0));
    const checkpointBytes = Math.max(...roll.told.map(({ bytes = 0 }) => bytes));
    return { keys, checkpointBytes, ms, replayed: live.replayed ?? 0 };
  } finally {
    for (const child of crew.members) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

import type { ChildProcess } from 'node:child_process';
import { type Cluster, sleep } from '../kafka/broker.js';
import type { Crew, Told } from './kafka-chaos.js';

export type Fault = 'kill' | 'zombie' | 'rebalance' | 'broker';

/** Faults that happened: asked for is not enough. */
export interface Happened {
  /** SIGKILLs of a process that had a partition live at that moment. */
  killsOfLive: number;
  /** Stopped processes whose partitions others had live before they woke up. */
  zombiesOusted: number;
  /** Of these, the ones that tried to write and were refused by the broker. */
  zombiesFenced: number;
  /** Guests that were given partitions which another member had to give up. */
  rebalancesSeen: number;
  /** Brokers that were running, were ended, and came back. */
  brokerRestarts: number;
}

/** How long is waited for what makes a fault one, on a machine that may be busy. */
const patienceMs = 45_000;
/** A guest that has not taken anything by then will not: another is sent, so many at most. */
const guestMs = 20_000;
const guestsMax = 4;

/** What each worker process has live, from what all of them tell; and what they told, in order. */
export class Watch {
  readonly #live = new Map<number, Set<string>>();
  readonly told: Told[] = [];

  see(event: Told): void {
    this.told.push(event);
    const live = this.#live.get(event.pid) ?? new Set();
    this.#live.set(event.pid, live);
    if (event.type === 'live' && event.shard) live.add(event.shard);
    if ((event.type === 'dropped' || event.type === 'revoked') && event.shard) live.delete(event.shard);
    if (event.type === 'stopping' || event.type === 'reader-failed') live.clear();
    if (event.type === 'assigned') for (const shard of live) if (!event.shards?.includes(shard)) live.delete(shard);
  }

  liveOf(child: ChildProcess): readonly string[] {
    return [...(this.#live.get(child.pid ?? 0) ?? [])];
  }

  /** Whether a process other than this one has told since `from` that it has all these shards live. */
  tookOver(child: ChildProcess, shards: readonly string[], from: number): boolean {
    const others = this.told.slice(from).filter(({ pid, type }) => pid !== child.pid && type === 'live');
    return shards.every((one) => others.some(({ shard }) => shard === one));
  }

  async until(condition: () => boolean, mostMs = patienceMs): Promise<boolean> {
    for (const end = performance.now() + mostMs; !condition(); await sleep(50)) {
      if (performance.now() > end) return false;
    }
    return true;
  }
}

/** Brings the faults about, each at a moment when it bites, and counts those that did. */
export class Striker {
  readonly happened: Happened = {
    ...{ killsOfLive: 0, zombiesOusted: 0, zombiesFenced: 0, rebalancesSeen: 0, brokerRestarts: 0 },
  };
  /** Zombies that have woken up, and where in what was told: their refusals come later. */
  readonly #woken: { readonly pid: number; readonly from: number }[] = [];

  constructor(
    readonly crew: Crew,
    readonly watch: Watch,
    readonly cluster: Cluster,
    readonly random: () => number,
    readonly sessionMs: number,
  ) {}

  async strike(fault: Fault): Promise<void> {
    await sleep(this.random() * 1000);
    if (fault === 'kill') await this.#kill();
    else if (fault === 'zombie') await this.#zombie();
    else if (fault === 'rebalance') await this.#rebalance();
    else await this.#broker();
  }

  /** To be called at the end, when all has been told. */
  count(): Happened {
    const { told } = this.watch;
    this.happened.zombiesFenced = this.#woken.filter(({ pid, from }) =>
      told.slice(from).some((event) => event.pid === pid && event.type === 'dropped' && event.fenced),
    ).length;
    return this.happened;
  }

  /** A member that has something live, waited for if need be; any member if there is none. */
  async #victim(): Promise<ChildProcess | undefined> {
    const { crew, watch, random } = this;
    const atWork = (): ChildProcess[] => crew.members.filter((member) => watch.liveOf(member).length > 0);
    await watch.until(() => atWork().length > 0);
    const from = atWork().length > 0 ? atWork() : crew.members;
    return from[Math.floor(random() * from.length)];
  }

  async #kill(): Promise<void> {
    const victim = await this.#victim();
    if (!victim) return;
    const live = this.watch.liveOf(victim).length > 0 && victim.exitCode === null;
    await this.crew.kill(victim);
    if (live) this.happened.killsOfLive++;
  }

  /** Stopped until others have its partitions; then it wakes up and knows nothing of it. */
  async #zombie(): Promise<void> {
    const { watch, happened, random, sessionMs } = this;
    const victim = await this.#victim();
    if (!victim) return;
    const live = watch.liveOf(victim);
    const from = watch.told.length;
    victim.kill('SIGSTOP');
    await sleep(sessionMs + 1000 + random() * 2000);
    const ousted = live.length > 0 && (await watch.until(() => watch.tookOver(victim, live, from)));
    if (ousted) happened.zombiesOusted++;
    this.#woken.push({ pid: victim.pid ?? 0, from: watch.told.length });
    victim.kill('SIGCONT');
  }

  /** Guests come until one of them takes partitions from a member: one that only inherits those of the dead moves nothing. */
  async #rebalance(): Promise<void> {
    for (let guests = 0; guests < guestsMax; guests++) {
      if (!(await this.#guest())) continue;
      this.happened.rebalancesSeen++;
      return;
    }
  }

  /** A guest stays until it has partitions of another; then it goes again, or somebody else does. */
  async #guest(): Promise<boolean> {
    const { crew, watch, random } = this;
    const victim = await this.#victim();
    const from = watch.told.length;
    const guest = crew.hire();
    const given = (): boolean =>
      watch.told
        .slice(from)
        .some(({ pid, type, shards = [] }) => pid === guest.pid && type === 'assigned' && shards.length > 0) &&
      watch.told.slice(from).some(({ pid, type }) => pid !== guest.pid && type === 'revoked');
    const took = await watch.until(given, guestMs);
    await sleep(random() * 1000);
    await crew.dismiss(random() < 0.5 || !victim || !crew.members.includes(victim) ? guest : victim);
    return took;
  }

  async #broker(): Promise<void> {
    const { cluster, random, happened } = this;
    const ids = cluster.brokerIds;
    const id = ids[Math.floor(random() * ids.length)];
    const ended = await cluster.kill(id, random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
    // Of three the other two go on: long enough for leaders and coordinators to move.
    await sleep(random() * 2000 + (ids.length > 1 ? 7000 : 0));
    await cluster.launch(id);
    if (ended) happened.brokerRestarts++;
  }
}

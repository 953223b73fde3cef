import { join } from 'node:path';
import { type AlertJournal, Journal } from '../connectors/alerts/journal.js';
import type { AlertSink } from '../connectors/alerts/sink.js';
import type { Origin, Sink } from '../connectors/sink.js';
import type { Alert } from '../event.js';
import { labelsOf, reservedLabels } from '../operators/alert-rule.js';
import { type Matchers, matcherOf } from '../operators/matchers.js';
import { holdFolder } from '../state/stores/lock.js';
import { type Timing, timingDefault } from './alert-group.js';
import type { Way } from './alert-note.js';
import type { GroupTime } from './alert-pace.js';
import { AlertQueue, type Incoming, type QueueEvent, type QueueOptions } from './alert-queue.js';
import type { Maintenance, Silence } from './alert-silences.js';
import { Silences } from './alert-silences.js';
import { anewMs } from './event-clock.js';
import { type Clock, wallClock } from './pace.js';

/** Where alerts with certain labels go, and with which others they are told. The first route that fits is taken. */
export interface Route extends Partial<Timing> {
  readonly match?: Matchers;
  /** Names of sinks; all by default. */
  readonly sinks?: readonly string[];
  /** Labels that alerts of a group have in common; default `rule`. None of those that change while an alert lasts. */
  readonly groupBy?: readonly string[];
  /** Further routes are looked at as well. */
  readonly goOn?: boolean;
}

export interface AlertFeedOptions {
  /** Where the queues lie: one folder per sink. One feed at a time may work in it. */
  readonly folder?: string;
  /** Where the queue of a sink notes what it holds, instead of in a folder. */
  readonly journalOf?: (sink: string) => AlertJournal;
  readonly sinks: Readonly<Record<string, AlertSink>>;
  /** One for all by default: everything to all sinks, grouped by rule. */
  readonly routes?: readonly Route[];
  readonly silences?: readonly Silence[];
  readonly maintenance?: readonly Maintenance[];
  readonly queue?: QueueOptions;
  /** Once the log is complete, closing hands on what waits until a receiver has taken nothing for so long; default 10 s. */
  readonly drainMs?: number;
  readonly clock?: Clock;
  /** By what time goes on for groups that wait; default `live`, the clock on the wall. */
  readonly time?: GroupTime;
  readonly onEvent?: (event: FeedEvent) => void;
}

/** What happens to alerts, for logs and metrics. */
export type FeedEvent = QueueEvent | { readonly type: 'alert'; readonly alert: Alert };

/** Time as it is noted on disk: it goes on while no process runs. */
const calendarClock: Clock = { nowMs: () => Date.now(), sleep: wallClock.sleep };

/** Labels that may change while an alert lasts: whoever groups by them would tell it twice. */
const changing = ['severity', 'channel', 'direction', 'status'];

/** What is known of one sink, for metrics. */
export interface SinkFigures {
  readonly sink: string;
  readonly waiting: number;
}

/**
 * Hands alerts to people and machines: each goes the way of its route into the queues of its sinks, silences hold back
 * what people should not hear, and a sink that is away delays nobody. It is a sink of a run: when `flush` returns, all
 * that was written is on the disk, and what a replay writes again is known and passed over.
 */
export class AlertFeed implements Sink<Alert> {
  readonly name = 'alerts';
  #silences: Silences;
  #nextEdgeMs = Number.NEGATIVE_INFINITY;
  #eventMs = Number.NEGATIVE_INFINITY;
  #working: Promise<void> = Promise.resolve();
  /** Queues in which no alert was held against the silences of this process yet. */
  readonly #unseen: Set<AlertQueue>;

  private constructor(
    readonly options: AlertFeedOptions,
    readonly queues: ReadonlyMap<string, AlertQueue>,
    readonly routes: readonly (Route & { readonly matches: ReturnType<typeof matcherOf> })[],
    readonly unlock: () => Promise<void>,
  ) {
    this.#silences = new Silences(options.silences, options.maintenance, 'alerts.');
    this.#unseen = new Set(queues.values());
  }

  /** Opens the queues and begins to hand on what they hold; throws an error that names the field that is wrong. */
  static async open(options: AlertFeedOptions): Promise<AlertFeed> {
    const { sinks, routes = [{}], queue = {}, clock = calendarClock, onEvent = () => {}, time = 'live' } = options;
    const ready = routes.map((route, i) => readyRoute(route, `alerts.routes[${i}]`, Object.keys(sinks)));
    // Before anything is held: a mistake must not leave a folder locked.
    void new Silences(options.silences, options.maintenance, 'alerts.');
    const { journalOf, unlock } = await placeOf(options);
    const queues = new Map<string, AlertQueue>();
    try {
      for (const [name, sink] of Object.entries(sinks)) {
        if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
          throw new RangeError(`alerts.sinks: expected names of letters, digits, - and _, got ${JSON.stringify(name)}`);
        }
        queues.set(name, await AlertQueue.open(name, sink, journalOf(name), queue, clock, onEvent, time));
      }
    } catch (error) {
      for (const opened of queues.values()) await opened.close();
      await unlock();
      throw error;
    }
    return new AlertFeed(options, queues, ready, unlock);
  }

  /** Nothing to go back to: what was written before is known by its id and revision. */
  open(_mark: number | undefined): Promise<void> {
    return Promise.resolve();
  }

  /** Takes in changes; `cameMs` says of each how far event time had come by then, where that is not its own time. */
  async write(alerts: readonly Alert[], _from?: Origin, cameMs: readonly number[] = []): Promise<void> {
    await this.#alone(async () => {
      const bySink = new Map<string, Incoming[]>();
      for (const [i, plain] of alerts.entries()) {
        const eventMs = this.#timeOf(Math.max(cameMs[i] ?? Number.NEGATIVE_INFINITY, plain.timeMs));
        if (this.#edgesUpTo(eventMs)) {
          // What came before a silence began is there before it.
          await this.#accept(bySink);
          await this.#passEdges(eventMs);
        }
        this.#eventMs = eventMs;
        // What fires is held back from when it comes on; what has ended was held back at its time or not.
        const silencedBy = this.#silences.of(plain, plain.status === 'firing' ? eventMs : plain.timeMs);
        const alert = silencedBy === undefined ? plain : { ...plain, silencedBy };
        this.options.onEvent?.({ type: 'alert', alert });
        for (const { sinks, way } of this.#waysOf(alert)) {
          for (const sink of sinks) {
            const list = bySink.get(sink) ?? [];
            list.push({ alert, way: this.#wayInto(sink, way), eventMs });
            bySink.set(sink, list);
          }
        }
      }
      await this.#accept(bySink);
      await this.#moveTo(this.#eventMs);
    });
  }

  /** Event time has come so far: groups may be due, silences may have begun or ended. */
  async advance(eventMs: number): Promise<void> {
    await this.#alone(() => this.#moveTo(this.#timeOf(eventMs)));
  }

  /** Other silences from now on; alerts that fire are looked at again. */
  async replaceSilences(silences: readonly Silence[], maintenance: readonly Maintenance[] = []): Promise<void> {
    const next = new Silences(silences, maintenance, 'alerts.');
    await this.#alone(async () => {
      this.#silences = next;
      // Before the first row there is no time to look from.
      if (Number.isFinite(this.#eventMs)) this.#nextEdgeMs = next.edgeMs(this.#eventMs);
      await this.#lookAgain(this.queues.values());
    });
  }

  async flush(): Promise<number> {
    await Promise.all([...this.queues.values()].map((queue) => queue.sync()));
    return 0;
  }

  /** After a complete log groups wait for nobody else; what cannot be handed on in time stays in the queues. */
  async close(complete: boolean): Promise<void> {
    const { drainMs = 10_000 } = this.options;
    try {
      if (complete) await Promise.all([...this.queues.values()].map((queue) => queue.drain(drainMs)));
      await Promise.all([...this.queues.values()].map((queue) => queue.close()));
    } finally {
      await this.unlock();
    }
  }

  get figures(): SinkFigures[] {
    return [...this.queues].map(([sink, { waiting }]) => ({ sink, waiting }));
  }

  /** Time as it is taken in: it goes back only where it begins anew, as with another shard of a log. */
  #timeOf(eventMs: number): number {
    if (eventMs >= this.#eventMs) return eventMs;
    const begins = (this.options.time ?? 'live') !== 'live' && eventMs < this.#eventMs - anewMs;
    if (!begins) return this.#eventMs;
    this.#nextEdgeMs = this.#silences.edgeMs(eventMs);
    return eventMs;
  }

  async #moveTo(eventMs: number): Promise<void> {
    await this.#passEdges(eventMs);
    this.#eventMs = eventMs;
    await Promise.all([...this.queues.values()].map((queue) => queue.advance(eventMs)));
    // An earlier process may have come further: what it had looked at then is looked at again only from there on.
    const caughtUp = [...this.#unseen].filter((queue) => queue.eventMs <= eventMs);
    for (const queue of caughtUp) this.#unseen.delete(queue);
    if (caughtUp.length > 0) await this.#lookAgain(caughtUp);
  }

  #edgesUpTo(eventMs: number): boolean {
    return this.#nextEdgeMs <= eventMs;
  }

  /** Silences begin and end one after another, each at its time: what was due before is told before. */
  async #passEdges(eventMs: number): Promise<void> {
    if (this.#nextEdgeMs === Number.NEGATIVE_INFINITY) this.#nextEdgeMs = this.#silences.edgeMs(eventMs);
    while (this.#edgesUpTo(eventMs)) {
      const edgeMs = this.#nextEdgeMs;
      const queues = [...this.queues.values()].filter((queue) => queue.eventMs <= edgeMs);
      this.#eventMs = edgeMs;
      await Promise.all(queues.map((queue) => queue.advance(edgeMs)));
      await this.#lookAgain(queues);
      this.#nextEdgeMs = this.#silences.edgeMs(edgeMs);
    }
  }

  async #accept(bySink: Map<string, Incoming[]>): Promise<void> {
    await Promise.all([...bySink].map(([sink, list]) => this.queues.get(sink)?.accept(list)));
    bySink.clear();
  }

  async #lookAgain(queues: Iterable<AlertQueue>): Promise<void> {
    const by = (alert: Alert): string | undefined => this.#silences.of(alert, Math.max(this.#eventMs, alert.timeMs));
    await Promise.all([...queues].map((queue) => queue.silence(by, this.#eventMs)));
  }

  /** One call after another, as they came. */
  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#working.then(work);
    this.#working = done.catch(() => {});
    return done;
  }

  /** Who keeps the state of all alerts groups them itself. */
  #wayInto(sink: string, way: Way): Way {
    const { manner, repeatMs = 60_000 } = this.options.sinks[sink];
    if (manner !== 'state') return way;
    return { group: 'all', labels: {}, timing: { waitMs: 0, intervalMs: 1000, repeatMs, sendResolved: true } };
  }

  #waysOf(alert: Alert): { readonly sinks: readonly string[]; readonly way: Way }[] {
    const labels = labelsOf(alert);
    const ways: { sinks: readonly string[]; way: Way }[] = [];
    for (const [
      i,
      { matches, sinks = [...this.queues.keys()], groupBy = ['rule'], goOn, ...rest },
    ] of this.routes.entries()) {
      if (!matches(labels)) continue;
      const common = Object.fromEntries(groupBy.map((label) => [label, labels[label] ?? '']));
      const { waitMs, intervalMs, repeatMs, sendResolved } = { ...timingDefault, ...rest };
      const timing = { waitMs, intervalMs, repeatMs, sendResolved };
      ways.push({ sinks, way: { group: JSON.stringify([i, common]), labels: common, timing } });
      if (!goOn) break;
    }
    return ways;
  }
}

/** The journals of the queues, and what lets go of them. */
async function placeOf({ folder, journalOf }: AlertFeedOptions) {
  if (journalOf) return { journalOf, unlock: () => Promise.resolve() };
  if (folder === undefined) throw new RangeError('alerts.folder: expected a folder for the queues, it is missing');
  return { journalOf: (sink: string) => new Journal(join(folder, sink)), unlock: await holdFolder(folder) };
}

function readyRoute(route: Route, where: string, names: readonly string[]): AlertFeed['routes'][number] {
  const { match = {}, sinks = [], groupBy = [], waitMs, intervalMs, repeatMs } = route;
  for (const name of sinks) {
    if (!names.includes(name)) {
      throw new RangeError(`${where}.sinks: expected some of ${names.join(', ')}, got ${JSON.stringify(name)}`);
    }
  }
  for (const label of groupBy) {
    if (!changing.includes(label)) continue;
    throw new RangeError(
      `${where}.groupBy: expected labels that stay while an alert lasts (${reservedLabels.filter((one) => !changing.includes(one)).join(', ')} ` +
        `or your own), got ${JSON.stringify(label)}: one alert would be told in two groups`,
    );
  }
  for (const [field, value] of Object.entries({ waitMs, intervalMs, repeatMs })) {
    if (value !== undefined && !(value >= 0))
      throw new RangeError(`${where}.${field}: expected a time of at least 0, got ${value}`);
  }
  return { ...route, matches: matcherOf(match, `${where}.match`) };
}

import type { Alert, Severity } from '../event.js';
import type { OpenAlert } from './alert-book.js';
import type { AlertFeed, FeedEvent } from './alert-feed.js';

/** Series that the gauge of states names at most: more would make metrics of every key. */
const gaugeMax = 200;

/** Every figure of alerts that is exported, what kind it is and what it says. */
export const alertFigures = {
  engram_alerts_total: ['counter', 'Changes of alerts, by what changed and how severe they are.'],
  engram_alerts_suppressed_total: [
    'counter',
    'Beginnings and ends that a silence or maintenance window kept from people.',
  ],
  engram_alerts_open: ['gauge', 'Alerts that fire.'],
  engram_alert_state: [
    'gauge',
    'Of series that alert: 1 above what was expected, -1 below, 0 missing or otherwise strange.',
  ],
  engram_alert_queue_length: ['gauge', 'Changes that wait to be handed on, by sink.'],
  engram_alert_delivered_total: ['counter', 'Alerts that were handed on.'],
  engram_alert_deliveries_total: ['counter', 'Messages they were handed on in.'],
  engram_alert_failures_total: ['counter', 'Deliveries that failed and are tried again.'],
  engram_alert_refused_total: ['counter', 'Alerts that a receiver refused for good.'],
  engram_alert_dropped_total: ['counter', 'Alerts that a full queue gave up.'],
} as const;

/** What a sink has done. */
interface SinkCounts {
  delivered: number;
  deliveries: number;
  failures: number;
  refused: number;
  dropped: number;
}

/** Counts what happens to alerts, for the end of a run and in the text format of Prometheus. */
export class AlertTally {
  readonly #alerts = new Map<string, number>();
  readonly #sinks = new Map<string, SinkCounts>();
  /** The last failure of each sink that has not delivered since. */
  readonly failing = new Map<string, string>();
  /** What each sink refused for good, and its last words about it. */
  readonly refused = new Map<string, { readonly alerts: number; readonly error: string }>();
  fired = 0;
  resolved = 0;
  suppressed = 0;

  see(event: FeedEvent): void {
    if (event.type === 'alert') {
      this.#seeAlert(event.alert);
      return;
    }
    const counts = this.#of(event.sink);
    switch (event.type) {
      case 'alert-delivered':
        counts.delivered += event.alerts;
        counts.deliveries++;
        this.failing.delete(event.sink);
        return;
      case 'alert-delivery-failed':
        counts.failures++;
        this.failing.set(event.sink, event.error);
        return;
      case 'alert-refused':
        counts.refused += event.alerts;
        this.failing.set(event.sink, event.error);
        this.refused.set(event.sink, { alerts: counts.refused, error: event.error });
        return;
      case 'alert-dropped':
        counts.dropped++;
    }
  }

  /** Changes that the full queue of a sink gave up. */
  get dropped(): ReadonlyMap<string, number> {
    return new Map([...this.#sinks].flatMap(([sink, { dropped }]) => (dropped > 0 ? [[sink, dropped]] : [])));
  }

  /** All figures as text; queues and states are those of the feeds, now. */
  text(...feeds: readonly Pick<AlertFeed, 'queues'>[]): string {
    const counts = (name: keyof SinkCounts): string[] =>
      [...this.#sinks].map(([sink, counts]) => `{sink="${sink}"} ${counts[name]}`);
    const queues = feeds.flatMap((feed) => [...feed.queues]);
    const open = new Map(queues.flatMap(([, queue]) => [...queue.open]));
    const waiting = new Map<string, number>();
    for (const [sink, queue] of queues) waiting.set(sink, (waiting.get(sink) ?? 0) + queue.waiting);
    const samples: Readonly<Record<keyof typeof alertFigures, readonly string[]>> = {
      engram_alerts_total: [...this.#alerts].map(([labels, n]) => `{${labels}} ${n}`),
      engram_alerts_suppressed_total: [` ${this.suppressed}`],
      engram_alerts_open: [` ${open.size}`],
      engram_alert_state: statesOf(open.values()),
      engram_alert_queue_length: [...waiting].map(([sink, count]) => `{sink="${sink}"} ${count}`),
      engram_alert_delivered_total: counts('delivered'),
      engram_alert_deliveries_total: counts('deliveries'),
      engram_alert_failures_total: counts('failures'),
      engram_alert_refused_total: counts('refused'),
      engram_alert_dropped_total: counts('dropped'),
    };
    const lines = Object.entries(alertFigures).flatMap(([name, [kind, help]]) => {
      const own = samples[name as keyof typeof alertFigures];
      if (own.length === 0) return [];
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...own.map((sample) => `${name}${sample}`)];
    });
    return `${lines.join('\n')}\n`;
  }

  #seeAlert({ status, severity, revision, silencedBy }: Alert): void {
    if (status === 'resolved') this.resolved++;
    else if (revision === 1) this.fired++;
    const worsened = status === 'firing' && revision > 1;
    if (silencedBy !== undefined && !worsened) this.suppressed++;
    this.#count(worsened ? 'worsened' : status, severity);
  }

  #count(change: string, severity: Severity): void {
    const labels = `change="${change}",severity="${severity}"`;
    this.#alerts.set(labels, (this.#alerts.get(labels) ?? 0) + 1);
  }

  #of(sink: string): SinkCounts {
    let counts = this.#sinks.get(sink);
    if (!counts) {
      counts = { delivered: 0, deliveries: 0, failures: 0, refused: 0, dropped: 0 };
      this.#sinks.set(sink, counts);
    }
    return counts;
  }
}

/** The direction of each series that alerts, as a number; of those beyond the limit nothing is said. */
function statesOf(open: Iterable<OpenAlert>): string[] {
  const values = { above: 1, below: -1, missing: 0, other: 0 } as const;
  const states = new Map<string, number>();
  for (const { key, detector, direction } of open) {
    const series = `{detector="${escaped(detector)}",key="${escaped(key)}"}`;
    if (!states.has(series)) states.set(series, values[direction]);
    if (states.size >= gaugeMax) break;
  }
  return [...states].map(([series, value]) => `${series} ${value}`);
}

/** A text as the value of a label. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

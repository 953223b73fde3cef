import type { Alert, Severity } from '../event.js';
import type { AlertFeed, FeedEvent } from './alert-feed.js';

/** Series that the gauge of states names at most: more would make metrics of every key. */
const gaugeMax = 200;

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
        return;
      case 'alert-dropped':
        counts.dropped++;
    }
  }

  /** All figures as text; queues and states are those of the feed, now. */
  text(feed: Pick<AlertFeed, 'queues'> | undefined): string {
    const lines = [
      ...[...this.#alerts].map(([labels, n]) => `engram_alerts_total{${labels}} ${n}`),
      `engram_alerts_suppressed_total ${this.suppressed}`,
      ...[...this.#sinks].flatMap(([sink, counts]) =>
        Object.entries(counts).map(([name, n]) => `engram_alert_${name}_total{sink="${sink}"} ${n}`),
      ),
      ...[...(feed?.queues ?? [])].map(([sink, { waiting }]) => `engram_alert_queue_length{sink="${sink}"} ${waiting}`),
      ...this.#states(feed),
    ];
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

  /** 1 where a value is above what was expected, -1 below, 0 missing or otherwise strange. */
  #states(feed: Pick<AlertFeed, 'queues'> | undefined): string[] {
    const open = new Map([...(feed?.queues.values() ?? [])].flatMap((queue) => [...queue.open]));
    const lines = [`engram_alerts_open ${open.size}`];
    const values = { above: 1, below: -1, missing: 0, other: 0 } as const;
    const seen = new Set<string>();
    for (const { key, detector, direction } of open.values()) {
      const line = `engram_alert_state{detector="${escaped(detector)}",key="${escaped(key)}"}`;
      if (seen.size >= gaugeMax) break;
      if (seen.has(line)) continue;
      seen.add(line);
      lines.push(`${line} ${values[direction]}`);
    }
    return lines;
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

/** A text as the value of a label. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

import type { Origin } from '../connectors/sink.js';
import { type Alert, type Anomaly, type Batch, type Change, type Severity, severities } from '../event.js';
import { alert } from '../operators/alert.js';
import type { Watched } from '../operators/alert-desk.js';
import type { AlertOptions, AlertRule } from '../operators/alert-rule.js';
import { timingDefault } from './alert-group.js';
import { AlertMessages } from './alert-messages.js';
import { Lane } from './lane.js';
import type { AlertOutput } from './run.js';

/** What a rule would have done in a time. */
export interface PreviewedRule {
  readonly rule: string;
  readonly alerts: number;
  /** Those that were still firing at the end. */
  readonly open: number;
  readonly perDay: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** Median time that an alert fired, ms; NaN without one that ended. */
  readonly medianMs: number;
  /** Messages that people would have had, alerts grouped as by default, and how many of the alerts were in any of them. */
  readonly messages: number;
  readonly told: number;
}

export interface Preview {
  readonly fromMs: number;
  readonly toMs: number;
  /** Rows in the time, and the times of the first and the last row of the whole log. */
  readonly rows: number;
  readonly logFromMs: number;
  readonly logToMs: number;
  readonly rules: readonly PreviewedRule[];
  /** Alerts that began on each day (UTC) of the time, days without any included; as many as there are rules. */
  readonly days: readonly { readonly dayMs: number; readonly alerts: readonly number[] }[];
  /** Keys with most alerts first; `more` is how many keys are left out. */
  readonly keys: readonly { readonly key: string; readonly alerts: number; readonly worst: Severity }[];
  readonly moreKeys: number;
  /** Each alert as it stood last, in order of time. */
  readonly alerts: readonly Alert[];
}

const dayMs = 86_400_000;
export const daysMax = 3660;
const keysMax = 20;
/**
 * Collects the alerts that rules would have made, and sums them up by day, key and severity. It is a sink of a run, as what
 * hands alerts on is, and counts messages by the same code.
 */
export class AlertPreview implements AlertOutput {
  readonly name = 'preview';
  readonly #alerts = new Map<string, Alert>();
  readonly #messages: ReadonlyMap<string, AlertMessages>;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #rows = 0;
  #logFirstMs = Number.POSITIVE_INFINITY;
  #logLastMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly rules: readonly string[],
    readonly fromMs = Number.NEGATIVE_INFINITY,
    readonly toMs = Number.POSITIVE_INFINITY,
  ) {
    this.#messages = new Map(rules.map((rule) => [rule, new AlertMessages(timingDefault)]));
  }

  /** Notes the rows of a batch, which say how far the time goes. */
  addRows(rows: readonly { readonly timeMs: number }[]): void {
    for (const { timeMs } of rows) {
      this.#logFirstMs = Math.min(this.#logFirstMs, timeMs);
      this.#logLastMs = Math.max(this.#logLastMs, timeMs);
      if (timeMs < this.fromMs || timeMs > this.toMs) continue;
      this.#rows++;
      this.#firstMs = Math.min(this.#firstMs, timeMs);
      this.#lastMs = Math.max(this.#lastMs, timeMs);
    }
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async write(alerts: readonly Alert[], _from?: Origin, cameMs: readonly number[] = []): Promise<void> {
    for (const [i, alert] of alerts.entries()) {
      const startMs = Date.parse(alert.startsAt);
      if (startMs < this.fromMs || startMs > this.toMs) continue;
      this.#alerts.set(alert.id, alert);
      this.#messages.get(alert.rule)?.accept(alert, Math.max(alert.timeMs, cameMs[i] ?? Number.NEGATIVE_INFINITY));
    }
  }

  /** What still fires when the time is over is not repeated for ever. */
  async advance(eventMs: number): Promise<void> {
    for (const one of this.#messages.values()) one.advance(Math.min(eventMs, this.toMs));
  }

  flush(): Promise<number> {
    return Promise.resolve(0);
  }

  async close(): Promise<void> {
    for (const one of this.#messages.values()) one.end();
  }

  /** The sums so far; throws a RangeError where the time has too many days to be shown. */
  sum(): Preview {
    const [fromMs, toMs] = [bounded(this.fromMs, this.#firstMs), bounded(this.toMs, this.#lastMs)];
    const alerts = [...this.#alerts.values()].sort((a, b) =>
      a.startsAt < b.startsAt ? -1 : a.startsAt > b.startsAt ? 1 : 0,
    );
    const days = this.#days(alerts, fromMs, toMs);
    const spanDays = Math.max((toMs - fromMs) / dayMs, 1 / 24);
    const keys = byKey(alerts);
    return {
      fromMs,
      toMs,
      rows: this.#rows,
      logFromMs: this.#logFirstMs,
      logToMs: this.#logLastMs,
      rules: this.rules.map((rule) => {
        const own = alerts.filter((alert) => alert.rule === rule);
        const lengths = own.flatMap(({ startsAt, endsAt }) =>
          endsAt ? [Date.parse(endsAt) - Date.parse(startsAt)] : [],
        );
        return {
          rule,
          alerts: own.length,
          open: own.filter(({ status }) => status === 'firing').length,
          perDay: own.length / spanDays,
          bySeverity: countOf(own),
          medianMs: median(lengths),
          messages: this.#messages.get(rule)?.messages ?? 0,
          told: this.#messages.get(rule)?.told.size ?? 0,
        };
      }),
      days,
      keys: keys.slice(0, keysMax),
      moreKeys: Math.max(0, keys.length - keysMax),
      alerts,
    };
  }

  #days(alerts: readonly Alert[], fromMs: number, toMs: number): Preview['days'] {
    if (!(fromMs <= toMs)) return [];
    const [first, last] = [Math.floor(fromMs / dayMs), Math.floor(toMs / dayMs)];
    if (last - first >= daysMax) {
      throw new RangeError(
        `preview: expected at most ${daysMax} days, got ${last - first + 1}: name a shorter time with --from and --to`,
      );
    }
    const days = Array.from({ length: last - first + 1 }, (_, i) => ({
      dayMs: (first + i) * dayMs,
      alerts: this.rules.map(() => 0),
    }));
    for (const { startsAt, rule } of alerts) {
      const day = days[Math.floor(Date.parse(startsAt) / dayMs) - first];
      const at = this.rules.indexOf(rule);
      if (day && at >= 0) day.alerts[at]++;
    }
    return days;
  }
}

const bounded = (limit: number, seen: number): number => (Number.isFinite(limit) ? limit : seen);

function byKey(alerts: readonly Alert[]): { key: string; alerts: number; worst: Severity }[] {
  const keys = new Map<string, { key: string; alerts: number; worst: Severity }>();
  for (const { key, severity } of alerts) {
    const known = keys.get(key) ?? { key, alerts: 0, worst: 'info' as Severity };
    known.alerts++;
    if (severities.indexOf(severity) > severities.indexOf(known.worst)) known.worst = severity;
    keys.set(key, known);
  }
  return [...keys.values()].sort((a, b) => b.alerts - a.alerts || (a.key < b.key ? -1 : 1));
}

function countOf(alerts: readonly Alert[]): Record<Severity, number> {
  const counts = { info: 0, warning: 0, major: 0, critical: 0 };
  for (const { severity } of alerts) counts[severity]++;
  return counts;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * What rules would make of anomalies that were stored, without their rows: by the same step as live. Where only the end of
 * an anomaly was stored its highest severity counts from its start, and it counts as abnormal from first to last alarm.
 */
export async function previewStored(
  anomalies: readonly Anomaly[],
  options: Omit<AlertOptions, 'keys'>,
  preview: AlertPreview,
): Promise<void> {
  const { rules } = options;
  const latest = new Map<string, Anomaly>();
  for (const anomaly of anomalies) latest.set(`${anomaly.key}\n${anomaly.id}`, anomaly);
  const byKey = new Map<string, Anomaly[]>();
  for (const anomaly of latest.values()) byKey.set(anomaly.key, [...(byKey.get(anomaly.key) ?? []), anomaly]);
  const step = alert<Watched>(options);
  const alerts: Alert[] = [];
  for (const [key, list] of byKey) {
    const lane = new Lane<Watched>([step], { name: 'stored', channels: [] });
    try {
      for (const batch of batchesOf(key, list, rules)) {
        const made = lane.push(batch as never);
        preview.addRows(made.rows);
        alerts.push(...(made.alerts ?? []));
      }
    } finally {
      lane.close();
    }
  }
  // Key after key they were made, and in the order of time they would have come.
  await preview.write(alerts.sort((a, b) => a.timeMs - b.timeMs));
  await preview.advance(alerts.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY);
  await preview.close();
}

/** Rows and changes as they would have come: at the start, when a rule has waited long enough, at the end and behind it. */
function* batchesOf(
  key: string,
  anomalies: readonly Anomaly[],
  rules: readonly AlertRule[],
): Generator<Batch<Watched> & { changes: Change[] }> {
  const sorted = [...anomalies].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const waits = rules.map(({ minDurationMs = 0 }) => minDurationMs);
  const calms = rules.map(({ closeDurationMs = 0 }) => closeDurationMs + 1);
  const moments: { timeMs: number; anomaly: Anomaly; kind: 'opens' | 'lasts' | 'closes' | 'calm' }[] = [];
  sorted.forEach((anomaly, i) => {
    const { startMs, endMs, status } = anomaly;
    const nextMs = sorted[i + 1]?.startMs ?? Number.POSITIVE_INFINITY;
    moments.push({ timeMs: startMs, anomaly, kind: 'opens' });
    for (const waitMs of waits)
      if (startMs + waitMs <= endMs) moments.push({ timeMs: startMs + waitMs, anomaly, kind: 'lasts' });
    moments.push({ timeMs: endMs, anomaly, kind: 'lasts' });
    if (status !== 'closed') return;
    moments.push({ timeMs: endMs, anomaly, kind: 'closes' });
    for (const calmMs of calms)
      if (endMs + calmMs < nextMs) moments.push({ timeMs: endMs + calmMs, anomaly, kind: 'calm' });
  });
  moments.sort((a, b) => a.timeMs - b.timeMs);
  for (const [offset, { timeMs, anomaly, kind }] of moments.entries()) {
    const hot = kind === 'opens' || kind === 'lasts';
    const row = { key, timeMs, values: [], offset, score: hot ? anomaly.score : 1, alarm: hot };
    const change = {
      anomaly: {
        ...anomaly,
        status: kind === 'closes' ? 'closed' : 'open',
        ...(kind === 'opens' ? { endMs: timeMs } : {}),
      },
      cause: offset,
    } as Change;
    const changes = kind === 'opens' || kind === 'closes' ? [change] : [];
    // A change alone moves no time: the row before it has.
    yield { shard: 'stored', rows: kind === 'closes' ? [] : [row], rejects: [], changes, next: offset + 1 };
  }
}

import type { Alert } from '../event.js';
import { labelsOf } from '../operators/alert-rule.js';
import { type Matchers, matcherOf } from '../operators/matchers.js';
import { openZone } from './zone.js';

/** Keeps alerts from people for a time: they are found and noted all the same. */
export interface Silence {
  /** Its name, which silenced alerts bear. */
  readonly name: string;
  /** Which alerts: at least one label must be asked for. */
  readonly match: Matchers;
  /** Event time, RFC 3339; there is no silence without an end. */
  readonly startsAt: string;
  readonly endsAt: string;
  readonly comment?: string;
}

/** A silence that comes back every week, for some keys only: a maintenance window. */
export interface Maintenance {
  readonly name: string;
  readonly match: Matchers;
  readonly days: readonly Day[];
  /** Times of the day as `22:00`; an end before the start lies on the next day. */
  readonly from: string;
  readonly to: string;
  /** `Europe/Berlin`, whose clocks it follows through summer time, or an offset such as `+02:00`; default `Z`. */
  readonly zone?: string;
  /** The last moment of it, RFC 3339. */
  readonly endsAt: string;
}

export const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Day = (typeof days)[number];

interface Window {
  readonly name: string;
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean;
  contains(timeMs: number): boolean;
  /** The next moment after `timeMs` at which it begins or ends. */
  edgeMs(timeMs: number): number;
}

const [dayMs, weekMs] = [86_400_000, 7 * 86_400_000];
/** 1970-01-01 was a Thursday. */
const firstDay = 4;

/** Silences and maintenance windows, asked by event time. */
export class Silences {
  readonly #windows: readonly Window[];

  /** Throws a RangeError that names the field. */
  constructor(silences: readonly Silence[] = [], maintenance: readonly Maintenance[] = [], where = '') {
    this.#windows = [
      ...silences.map((silence, i) => onceOnly(silence, `${where}silences[${i}]`)),
      ...maintenance.map((window, i) => weekly(window, `${where}maintenance[${i}]`)),
    ];
  }

  /** Name of the first that holds an alert back at a time. */
  of(alert: Alert, timeMs: number): string | undefined {
    if (this.#windows.length === 0) return undefined;
    const labels = labelsOf(alert);
    return this.#windows.find((window) => window.contains(timeMs) && window.matches(labels))?.name;
  }

  /** The next time after `timeMs` at which any of them begins or ends. */
  edgeMs(timeMs: number): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#windows.map((window) => window.edgeMs(timeMs)));
  }
}

function onceOnly({ name, match, startsAt, endsAt }: Silence, where: string): Window {
  const [startMs, endMs] = [timeOf(startsAt, `${where}.startsAt`), timeOf(endsAt, `${where}.endsAt`)];
  if (!(startMs < endMs)) {
    throw new RangeError(`${where}.endsAt: expected a time after startsAt (${startsAt}), got ${endsAt}`);
  }
  return {
    name,
    matches: scoped(match, where),
    contains: (timeMs) => startMs <= timeMs && timeMs < endMs,
    edgeMs: (timeMs) => (timeMs < startMs ? startMs : timeMs < endMs ? endMs : Number.POSITIVE_INFINITY),
  };
}

function weekly({ name, match, days: on, from, to, zone = 'Z', endsAt }: Maintenance, where: string): Window {
  const lastMs = timeOf(endsAt, `${where}.endsAt`);
  const [fromMs, toMs] = [clockOf(from, `${where}.from`), clockOf(to, `${where}.to`)];
  const lengthMs = (toMs - fromMs + dayMs) % dayMs || dayMs;
  const place = openZone(zone);
  if (!place) {
    throw new RangeError(
      `${where}.zone: expected a zone such as Europe/Berlin, +02:00 or Z, got ${JSON.stringify(zone)}`,
    );
  }
  if (on.length === 0) throw new RangeError(`${where}.days: expected at least one of ${days.join(', ')}, got none`);
  const starts = on.map((day) => {
    const index = days.indexOf(day);
    if (index < 0)
      throw new RangeError(`${where}.days: expected some of ${days.join(', ')}, got ${JSON.stringify(day)}`);
    return ((index - firstDay + 7) % 7) * dayMs + fromMs;
  });
  /** Those that may hold a time or come next: of each day the one of this week by local clocks, and its neighbours. */
  const around = (timeMs: number): { readonly startMs: number; readonly endMs: number }[] =>
    starts.flatMap((start) => {
      const week = start + Math.floor((timeMs + place.offsetMs(timeMs) - start) / weekMs) * weekMs;
      return [week - weekMs, week, week + weekMs].map((local) => ({
        startMs: place.momentsOf(local).first,
        endMs: place.momentsOf(local + lengthMs).last,
      }));
    });
  const holds = (timeMs: number): boolean =>
    around(timeMs).some(({ startMs, endMs }) => startMs <= timeMs && timeMs < endMs);
  return {
    name,
    matches: scoped(match, where),
    contains: (timeMs) => timeMs < lastMs && holds(timeMs),
    edgeMs(timeMs) {
      if (timeMs >= lastMs) return Number.POSITIVE_INFINITY;
      const edges = around(timeMs).flatMap(({ startMs, endMs }) => [startMs, endMs]);
      return Math.min(lastMs, ...edges.filter((edge) => edge > timeMs));
    },
  };
}

/** A silence of everything is a mistake more often than it is meant: `{"key": "*"}` says that it is. */
function scoped(match: Matchers, where: string): Window['matches'] {
  if (Object.keys(match ?? {}).length === 0) {
    throw new RangeError(`${where}.match: expected at least one label, such as {"key": "pump-*"}, got none`);
  }
  return matcherOf(match, `${where}.match`);
}

function timeOf(text: string, where: string): number {
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new RangeError(`${where}: expected a time such as 2026-01-31T08:00:00Z, got ${JSON.stringify(text)}`);
  return ms;
}

function clockOf(text: string, where: string): number {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours === undefined)
    throw new RangeError(`${where}: expected a time of the day such as 22:00, got ${JSON.stringify(text)}`);
  return (Number(hours) * 60 + Number(minutes)) * 60_000;
}

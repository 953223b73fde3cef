import { expect, test } from 'vitest';
import type { Alert } from '../../event.js';
import { AlertGroups, type Place } from '../../pipelines/alert-groups.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';

const [start, minute] = [Date.UTC(2026, 0, 1), 60_000];
const place: Place = {
  key: 'g',
  labels: {},
  timing: { waitMs: 30_000, intervalMs: 5 * minute, repeatMs: 0, sendResolved: true },
};
const iso = (ms: number): string => new Date(ms).toISOString();
/** Alerts of single keys and of many, at so many minutes. */
const one = (id: string, at: number, more: Partial<Alert> = {}): Alert =>
  alertOf({
    id,
    key: id,
    severity: 'warning',
    startsAt: iso(start + at * minute),
    timeMs: start + at * minute,
    ...more,
  });
const many = (at: number, more: Partial<Alert> = {}): Alert =>
  one('many', at, { together: { keys: 9, of: 10 }, severity: 'info', timeMs: start + (at + 2) * minute, ...more });
const over = (alert: Alert, at: number, endsAt = at): Alert => ({
  ...alert,
  status: 'resolved',
  revision: 9,
  endsAt: iso(start + endsAt * minute),
  timeMs: start + at * minute,
});

/** Groups that a test calls in short: changes come in at their times, and what is due at a time is told. */
class Tried {
  groups: AlertGroups;
  constructor(inLine = false) {
    this.groups = new AlertGroups(inLine);
  }
  put(...alerts: Alert[]): Alert[] {
    return alerts.map((alert) => {
      this.groups.pass(alert.timeMs);
      return this.groups.put(alert, place, alert.timeMs);
    });
  }
  tell(at: number): string | undefined {
    this.groups = new AlertGroups(this.groups.inLine, JSON.parse(JSON.stringify(this.groups.state)));
    this.groups.pass(start + at * minute);
    const due = this.groups.due(start + at * minute, false);
    if (!due) return undefined;
    this.groups.tell('g', due.receipt.told, start + at * minute);
    return due.delivery.alerts.map(({ id, status, severity }) => `${id} ${status} ${severity}`).join(', ');
  }
}

test('a jump of all keys is told as one alert that names those with alarms of their own, and as one end', () => {
  const tried = new Tried();
  const [a, b] = tried.put(one('a', 10), one('b', 10), { ...many(10), timeMs: start + 10.3 * minute });
  const due = tried.groups.due(start + 11 * minute, false);
  expect(due?.delivery.alerts).toHaveLength(1);
  expect(due?.delivery.alerts[0]?.summary).toMatch(/\. 2 keys have alarms of their own: a, b$/);
  // The severity of a single key is not lost.
  expect(tried.tell(11)).toBe('many firing warning');
  expect([a, b].map((alert) => alert?.partOf)).toEqual([undefined, undefined]);
  const [ended] = tried.put(over(one('a', 10), 14, 13));
  expect(ended?.partOf).toBe('many');
  expect(tried.tell(20)).toBeUndefined();
  tried.put(over(many(10), 24, 12));
  expect(tried.groups.due(start + 24 * minute, false)?.delivery.status).toBe('resolved');
  expect(tried.tell(24)).toBe('many resolved warning');
  tried.put(over(one('b', 10), 40, 39));
  expect(tried.tell(100)).toBeUndefined();
  expect(tried.groups.size).toBe(0);
});

test('a jump of all keys is one alert in a group that was told long before too, as one key is dead', () => {
  const tried = new Tried();
  tried.put(one('dead', 1));
  expect(tried.tell(2)).toBe('dead firing warning');
  tried.put(one('a', 10), one('b', 10.1));
  expect(tried.tell(10.2)).toBeUndefined();
  tried.put({ ...many(10), timeMs: start + 10.3 * minute });
  expect(tried.groups.nextMs(false)).toBe(start + 10.5 * minute);
  expect(tried.tell(10.4)).toBeUndefined();
  expect(tried.tell(10.5)).toBe('dead firing warning, many firing warning');
  // What was told and gets worse, or ends, waits for nobody.
  tried.put(over(one('dead', 1), 20));
  expect(tried.tell(20)).toBe('dead resolved warning, many firing warning');
});

test('a steady trickle of new alerts does not keep a group that was told waiting', () => {
  const tried = new Tried();
  tried.put(one('dead', 1));
  tried.tell(2);
  const told: number[] = [];
  for (let at = 10; at < 22; at += 0.25) {
    tried.put(one(`t${at}`, at));
    if (tried.tell(at)) told.push(at);
  }
  expect(told).toEqual([10.5, 15.5, 20.5]);
});

test('a new alert that a silence takes before the wait is over is not owed', () => {
  const tried = new Tried();
  tried.put(one('dead', 1));
  tried.tell(2);
  tried.put(one('a', 10));
  tried.groups.silence('a', 's', start + 10.2 * minute, start + 10.2 * minute);
  expect(tried.tell(15)).toBeUndefined();
  tried.put(one('b', 20));
  expect(tried.groups.nextMs(false)).toBe(start + 20.5 * minute);
});

test('a key that gets worse is told with the many, at once when it may be', () => {
  const tried = new Tried();
  tried.put(many(10), one('a', 13));
  expect(tried.tell(13)).toBe('many firing warning');
  tried.put(one('b', 14, { severity: 'warning' }));
  expect(tried.tell(30)).toBeUndefined();
  tried.put(one('a', 31, { revision: 2, severity: 'critical', startsAt: iso(start + 13 * minute) }));
  expect(tried.tell(31)).toBe('many firing critical');
  expect(tried.tell(60)).toBeUndefined();
});

test('a key that outlasts the many is told then, and at once when it gets worse after they have ended', () => {
  const tried = new Tried();
  tried.put(one('a', 10), one('b', 10), { ...many(10), timeMs: start + 10.3 * minute });
  tried.tell(11);
  tried.put(over(many(10), 20, 14));
  expect(tried.tell(20)).toBe('many resolved warning');
  expect(tried.groups.nextMs(false)).toBe(start + 38 * minute);
  tried.put(one('b', 21, { revision: 2, severity: 'major', startsAt: iso(start + 10 * minute) }));
  expect(tried.tell(26)).toBe('b firing major');
  expect(tried.tell(37.9)).toBeUndefined();
  expect(tried.tell(38)).toBe('a firing warning, b firing major');
});

test('what was told before the many were known has its end told, and keeps no message waiting', () => {
  const tried = new Tried();
  tried.put(one('a', 10));
  expect(tried.tell(10.5)).toBe('a firing warning');
  tried.put(many(10));
  expect(tried.tell(20)).toBe('many firing warning');
  tried.put(over(one('a', 10), 30));
  expect(tried.tell(30)).toBe('a resolved warning, many firing warning');
});

test('alerts are told by themselves where nobody hears of the many: silenced, given up, or of another rule', () => {
  const silenced = new Tried();
  silenced.put(many(10, { silencedBy: 's' }), one('a', 13));
  expect(silenced.tell(14)).toBe('a firing warning');
  const late = new Tried();
  late.put(many(10), one('a', 12));
  late.groups.silence('many', 's', start + 12.1 * minute, start + 12.1 * minute);
  expect(late.tell(14)).toBe('a firing warning');
  const given = new Tried();
  given.put(many(10), one('a', 12));
  expect(given.groups.giveUp(({ alert }) => alert.id === 'many')?.id).toBe('many');
  expect(given.tell(14)).toBe('a firing warning');
  const other = new Tried();
  other.put(many(10), one('a', 12, { rule: 'other' }));
  expect(other.tell(14)).toBe('many firing info, a firing warning');
});

test('in a line every change has its link once it is known, and all of them stay', () => {
  const line = new Tried(true);
  const links = line.put(
    one('a', 10),
    many(10),
    one('b', 12),
    over(one('a', 10), 13),
    over(many(10), 14),
    over(one('b', 12), 15),
  );
  expect(links.map(({ id, partOf }) => `${id} ${partOf ?? '-'}`)).toEqual([
    'a -',
    'many -',
    'b many',
    'a many',
    'many -',
    'b -',
  ]);
});

test('no incident stays open for an alert that people were never told of', () => {
  const tried = new Tried();
  tried.put(one('a', 10), one('b', 10, { silencedBy: 's' }));
  tried.tell(11);
  tried.put(resolvedOf({ ...over(one('a', 10), 20) }));
  expect(tried.groups.due(start + 20 * minute, false)?.delivery.status).toBe('resolved');
});

import { expect, test } from 'vitest';
import { dueMs, type Group, hash, isDue, settle, tellingOf } from '../../pipelines/alert-group.js';
import { alertOf, resolvedOf } from '../connectors/alerts/server.js';

const timing = { waitMs: 30, intervalMs: 300, repeatMs: 4000, sendResolved: true };
const groupOf = (more: Partial<Group> = {}): Group => ({
  key: 'k',
  id: 'g',
  labels: {},
  timing,
  alerts: new Map([['a', { alert: alertOf(), told: 0 }]]),
  round: 0,
  changedMs: 10,
  toldMs: null,
  ...more,
});

test.each([
  [alertOf(), 0, true],
  [alertOf(), 1, false],
  [alertOf({ silencedBy: 's' }), 0, false],
  [resolvedOf(), 0, true],
  [resolvedOf({ silencedBy: 's' }), 0, false],
  [resolvedOf({ silencedBy: 's' }), 1, true],
  [resolvedOf(), 2, false],
])('whether %j is due after revision %d: %s', (alert, told, due) => expect(isDue({ alert, told }, timing)).toBe(due));

test('the first telling waits, later ones keep their distance, and what goes on is repeated', () => {
  expect(dueMs(groupOf(), false)).toBe(40);
  expect(dueMs(groupOf({ toldMs: 5 }), false)).toBe(305);
  const told = new Map([['a', { alert: alertOf(), told: 1 }]]);
  expect(dueMs(groupOf({ alerts: told, changedMs: null, toldMs: 5 }), false)).toBe(4005);
  expect(dueMs(groupOf({ alerts: told, changedMs: null, toldMs: 5, timing: { ...timing, repeatMs: 0 } }), false)).toBe(
    Number.POSITIVE_INFINITY,
  );
});

test('a new alert of a group that was told waits for others too, from the first that nobody has heard of', () => {
  expect(dueMs(groupOf({ changedMs: 1000, firedMs: 1000, toldMs: 5 }), false)).toBe(1030);
  // An end that comes meanwhile goes with it, and what waits for the interval anyway waits no longer.
  expect(dueMs(groupOf({ changedMs: 990, firedMs: 1000, toldMs: 5 }), false)).toBe(1030);
  expect(dueMs(groupOf({ changedMs: 1000, firedMs: 1000, toldMs: 900 }), false)).toBe(1200);
  expect(dueMs(groupOf({ changedMs: 1000, firedMs: 1000, toldMs: 5 }), true)).toBe(1000);
  const group = groupOf({ firedMs: 10 });
  settle(group, 99);
  expect(group.firedMs).toBe(10);
  group.alerts.set('a', { alert: resolvedOf(), told: 1 });
  settle(group, 99);
  expect([group.changedMs, group.firedMs]).toEqual([10, null]);
});

test('a group that has nothing to tell has no time of change', () => {
  const group = groupOf({ alerts: new Map([['a', { alert: alertOf(), told: 1 }]]) });
  settle(group, 99);
  expect(group.changedMs).toBeNull();
  group.alerts.set('b', { alert: alertOf({ id: 'b' }), told: 0 });
  settle(group, 99);
  expect(group.changedMs).toBe(99);
});

test('a telling holds all that fires and the ends that were not told', () => {
  const alerts = new Map([
    ['a', { alert: alertOf(), told: 1 }],
    ['b', { alert: resolvedOf({ id: 'b' }), told: 1 }],
    ['c', { alert: alertOf({ id: 'c', silencedBy: 's' }), told: 0 }],
  ]);
  const { delivery, receipt } = tellingOf(groupOf({ alerts, round: 3 }));
  expect(delivery).toMatchObject({ group: 'g', status: 'firing', first: false });
  expect(receipt).toEqual({
    group: 'k',
    told: [
      ['a1', 1],
      ['b', 2],
    ],
  });
});

test('a hash is short, and the same for the same value', () => {
  expect(hash(['a', 1])).toMatch(/^[0-9a-f]{32}$/);
  expect(hash(['a', 1])).toBe(hash(['a', 1]));
  expect(hash(['a', 1])).not.toBe(hash(['a', 2]));
});

import { expect, test } from 'vitest';
import type { Alert } from '../../event.js';
import { AlertCrowds, levelOf, takePart, withParts } from '../../pipelines/alert-crowd.js';
import type { Entry } from '../../pipelines/alert-group.js';
import { alertOf } from '../connectors/alerts/server.js';

const start = Date.UTC(2026, 0, 1);
const at = (seconds: number): string => new Date(start + 1000 * seconds).toISOString();
const crowd = (more: Partial<Alert> = {}): Entry => ({
  told: 0,
  alert: alertOf({
    ...{ id: 'crowd', severity: 'warning', channel: 'keys at once', together: { keys: 9, of: 10 } },
    ...{ startsAt: at(60), timeMs: start + 80_000, ...more },
  }),
});
function crowdsWith(entry: Entry): AlertCrowds {
  const crowds = new AlertCrowds((id) => (id === entry.alert.id ? entry : undefined));
  crowds.see(entry, 0);
  return crowds;
}
const one = (more: Partial<Alert> = {}): Alert => alertOf({ id: 'one', startsAt: at(60), ...more });

test('an alert is part of one of many of its rule, detector and shard that began no later than as long after it as it took to be told', () => {
  const crowds = crowdsWith(crowd());
  expect(crowds.of(one())?.alert.id).toBe('crowd');
  expect(crowds.of(one({ startsAt: at(40) }))?.alert.id).toBe('crowd');
  expect(crowds.of(one({ startsAt: at(500) }))?.alert.id).toBe('crowd');
  expect(crowds.of(one({ startsAt: at(39) }))).toBeUndefined();
  expect(crowds.of(one({ rule: 'bad' }))).toBeUndefined();
  expect(crowds.of(one({ detector: 'other' }))).toBeUndefined();
  expect(crowds.of(one({ source: { topic: 'log', partition: 1, offset: 7 } }))).toBeUndefined();
  expect(crowds.of(one({ together: { keys: 5, of: 10 } }))).toBeUndefined();
});

test('one whose first row lies before by chance is part of it by when it fired', () => {
  const crowds = crowdsWith(crowd());
  expect(crowds.of(one({ startsAt: at(10) }), start + 61_000)?.alert.id).toBe('crowd');
  expect(crowds.of(one({ startsAt: at(10) }), start + 12_000)).toBeUndefined();
});

test('one that is kept from people takes none with it', () => {
  expect(crowdsWith(crowd({ silencedBy: 's' })).of(one())).toBeUndefined();
});

test('when it has ended, alerts stay part of it three times as long as it took to be called over', () => {
  const entry = crowd();
  const crowds = crowdsWith(entry);
  entry.alert = crowd({ status: 'resolved', endsAt: at(100), timeMs: start + 220_000 }).alert;
  expect(crowds.see(entry, 1000)).toBe(true);
  expect([crowds.of(one()), crowds.keeps('crowd'), crowds.nextMs]).toEqual([undefined, true, 1000 + 3 * 120_000]);
  const again = new AlertCrowds(() => undefined, crowds.ended);
  expect(again.pass(360_999)).toBe(false);
  expect(again.pass(361_000)).toBe(true);
  expect(again.keeps('crowd')).toBe(false);
});

test('it has the severity of its worst part, and says how many keys have alarms of their own and which, the worst first', () => {
  const entry = crowd();
  for (let i = 0; i < 12; i++) takePart(entry, one({ id: `p${i}`, key: `k${i}`, severity: 'info' }));
  takePart(entry, one({ id: 'p11', key: 'k11', severity: 'critical' }));
  takePart(entry, one({ id: 'p11', key: 'k11', severity: 'info' }));
  expect(levelOf(entry)).toBe(3);
  const { summary, severity } = withParts(entry);
  expect(severity).toBe('critical');
  expect(summary).toMatch(/\. 12 keys have alarms of their own: k11, k0, k1, k10, k2, .* and 2 more$/);
  expect(withParts(crowd())).toEqual(crowd().alert);
});

import { expect, test } from 'vitest';
import { bodyOf, lineOf, titleOf, worstFirst, worstSeverity } from '../../../connectors/alerts/text.js';
import { alertOf, deliveryOf, resolvedOf } from './server.js';

const many = [
  resolvedOf({ id: 'gone', severity: 'critical' }),
  alertOf({ id: 'late', startsAt: '2026-01-01T02:00:00.000Z' }),
  alertOf({ id: 'early' }),
  alertOf({ id: 'worst', severity: 'critical' }),
];

test('what fires comes before what is over, the worst first, then the earliest', () => {
  expect(worstFirst(many).map(({ id }) => id)).toEqual(['worst', 'early', 'late', 'gone']);
  expect(worstSeverity(many)).toBe('critical');
  expect(worstSeverity([])).toBe('info');
});

test('a line has no line end, whatever names hold', () => {
  expect(lineOf(alertOf({ key: 'a\u2028b\r\nc', episodes: 3 }))).toBe(
    'major: a b c (any) since 2026-01-01T00:00:00.000Z, 3 times: flow 50 where 10 (8 to 12) was expected: 5 times as high',
  );
  expect(lineOf(resolvedOf())).toMatch(/^resolved: .* 2026-01-01T00:00:00.000Z to 2026-01-01T01:00:00.000Z/);
  expect(titleOf(deliveryOf([resolvedOf()]))).toMatch(/^\[RESOLVED 1\] pump-1 \(rule=any\)/);
});

test('a title counts alerts, and of keys those that it does not name', () => {
  const titled = (...keys: string[]) => titleOf(deliveryOf(keys.map((key, i) => alertOf({ id: String(i), key }))));
  expect(titled('a', 'a', 'a', 'a', 'a', 'a')).toMatch(/^\[FIRING 6\] a \(rule=any\): /);
  expect(titled('a', 'b', 'a', 'b')).toMatch(/^\[FIRING 4\] a and 1 more key \(/);
  expect(titled('a', 'b', 'c')).toMatch(/^\[FIRING 3\] a and 2 more keys \(/);
});

test('a long list is counted, not told whole', () => {
  const body = bodyOf(deliveryOf(Array.from({ length: 10_000 }, (_, i) => alertOf({ id: String(i) }))));
  expect(body.split('\n')).toHaveLength(22);
  expect(body).toMatch(/^Firing: 10000 major\./);
  expect(body).toMatch(/… and 9980 more\.$/);
});

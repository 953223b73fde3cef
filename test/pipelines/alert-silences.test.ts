import { describe, expect, test } from 'vitest';
import { Silences } from '../../pipelines/alert-silences.js';
import { alertOf } from '../connectors/alerts/server.js';

const at = (text: string): number => Date.parse(text);
const alert = alertOf({ key: 'pump-1' });
const silence = {
  name: 's',
  match: { key: 'pump-*' },
  startsAt: '2026-01-01T08:00:00Z',
  endsAt: '2026-01-01T10:00:00Z',
};

test('a silence holds back what it is about, from its start until before its end', () => {
  const silences = new Silences([silence]);
  expect(silences.of(alert, at('2026-01-01T07:59:59Z'))).toBeUndefined();
  expect(silences.of(alert, at('2026-01-01T08:00:00Z'))).toBe('s');
  expect(silences.of(alertOf({ key: 'fan-1' }), at('2026-01-01T09:00:00Z'))).toBeUndefined();
  expect(silences.of(alert, at('2026-01-01T10:00:00Z'))).toBeUndefined();
  expect(silences.edgeMs(0)).toBe(at(silence.startsAt));
  expect(silences.edgeMs(at(silence.startsAt))).toBe(at(silence.endsAt));
  expect(silences.edgeMs(at(silence.endsAt))).toBe(Number.POSITIVE_INFINITY);
});

describe('a maintenance window', () => {
  // Saturdays and Sundays from 22:00 to 02:00 in Berlin's winter; 2026-01-03 is a Saturday.
  const window = {
    name: 'm',
    match: { site: 'north' },
    days: ['sat', 'sun'] as const,
    from: '22:00',
    to: '02:00',
    zone: '+01:00',
    endsAt: '2026-02-01T00:00:00Z',
  };
  const windows = new Silences([], [window]);
  test.each([
    ['2026-01-03T20:59:00Z', undefined],
    ['2026-01-03T21:00:00Z', 'm'],
    ['2026-01-04T00:59:59Z', 'm'],
    ['2026-01-04T01:00:00Z', undefined],
    ['2026-01-04T21:30:00Z', 'm'],
    ['2026-01-05T21:30:00Z', undefined],
    ['2026-01-10T22:00:00Z', 'm'],
    ['2026-02-07T22:00:00Z', undefined],
    ['1969-12-27T22:00:00Z', 'm'],
  ])('%s: %s', (time, name) => expect(windows.of(alert, at(time))).toBe(name));

  test('has an edge at every start and end', () => {
    const edges: string[] = [];
    for (let ms = at('2026-01-03T00:00:00Z'); edges.length < 5; ms = windows.edgeMs(ms))
      edges.push(new Date(ms).toISOString());
    expect(edges.slice(1)).toEqual([
      '2026-01-03T21:00:00.000Z',
      '2026-01-04T01:00:00.000Z',
      '2026-01-04T21:00:00.000Z',
      '2026-01-05T01:00:00.000Z',
    ]);
  });

  test('of a named place follows its clocks through summer time', () => {
    const berlin = new Silences([], [{ ...window, zone: 'Europe/Berlin', endsAt: '2027-01-01T00:00:00Z' }]);
    for (const [time, name] of [
      ['2026-01-03T20:59:00Z', undefined],
      ['2026-01-03T21:00:00Z', 'm'],
      ['2026-01-04T01:00:00Z', undefined],
      ['2026-07-04T19:59:00Z', undefined],
      ['2026-07-04T20:00:00Z', 'm'],
      ['2026-07-04T23:59:00Z', 'm'],
      ['2026-07-05T00:00:00Z', undefined],
    ] as const)
      expect([time, berlin.of(alert, at(time))]).toEqual([time, name]);
    expect(berlin.edgeMs(at('2026-07-01T00:00:00Z'))).toBe(at('2026-07-04T20:00:00Z'));
  });

  test('over the night of the change has one start and one end, and no gap between', () => {
    const night = { ...window, days: ['sun'] as const, from: '01:30', to: '02:30', zone: 'Europe/Berlin' };
    const silences = new Silences([], [{ ...night, endsAt: '2027-01-01T00:00:00Z' }]);
    const edges = (from: string, n: number) => {
      const found: string[] = [];
      for (let ms = silences.edgeMs(at(from)); found.length < n; ms = silences.edgeMs(ms))
        found.push(new Date(ms).toISOString().slice(0, 16));
      return found;
    };
    // 2026-03-29 has no 02:30, and 2026-10-25 has two.
    expect(edges('2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T00:30', '2026-03-29T01:30']);
    expect(edges('2026-10-24T12:00:00Z', 3)).toEqual(['2026-10-24T23:30', '2026-10-25T01:30', '2026-11-01T00:30']);
    for (let ms = at('2026-10-24T23:30:00Z'); ms < at('2026-10-25T01:30:00Z'); ms += 60_000)
      expect(silences.of(alert, ms)).toBe('m');
  });

  test.each([
    [{ days: [] }, 'maintenance[0].days: expected at least one of'],
    [{ from: '25:00' }, 'maintenance[0].from: expected a time of the day such as 22:00, got "25:00"'],
    [{ zone: 'CET' }, 'maintenance[0].zone: expected a zone such as Europe/Berlin, +02:00 or Z, got "CET"'],
    [{ zone: 'Europe/Berlim' }, 'maintenance[0].zone: expected a zone such as Europe/Berlin'],
    [{ endsAt: 'never' }, 'maintenance[0].endsAt: expected a time such as 2026'],
    [{ match: {} }, 'maintenance[0].match: expected at least one label'],
    [
      { days: ['sonntag' as 'sun'] },
      'maintenance[0].days: expected some of sun, mon, tue, wed, thu, fri, sat, got "sonntag"',
    ],
  ])('that is wrong is refused: %j', (more, message) =>
    expect(() => new Silences([], [{ ...window, ...more }])).toThrow(message),
  );
});

test.each([
  [{ endsAt: silence.startsAt }, 'silences[0].endsAt: expected a time after startsAt'],
  [{ endsAt: 'tomorrow' }, 'silences[0].endsAt: expected a time such as 2026'],
  [{ match: {} }, 'silences[0].match: expected at least one label, such as {"key": "pump-*"}, got none'],
])('a silence that is wrong is refused: %j', (more, message) =>
  expect(() => new Silences([{ ...silence, ...more }])).toThrow(message),
);

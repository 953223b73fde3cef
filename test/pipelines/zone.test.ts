import { describe, expect, test } from 'vitest';
import { openZone } from '../../pipelines/zone.js';

const at = (text: string): number => Date.parse(text);
const hour = 3_600_000;

test.each([
  ['Z', '2026-07-01T00:00:00Z', 0],
  ['+02:00', '2026-01-01T00:00:00Z', 2],
  ['-09:30', '2026-01-01T00:00:00Z', -9.5],
  ['Europe/Berlin', '2026-01-01T00:00:00Z', 1],
  ['Europe/Berlin', '2026-03-29T00:59:59Z', 1],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', 2],
  ['America/St_Johns', '2026-07-01T00:00:00Z', -2.5],
  ['Asia/Kathmandu', '2026-07-01T00:00:00Z', 5.75],
  ['America/Argentina/Buenos_Aires', '2026-07-01T00:00:00Z', -3],
  ['Etc/UTC', '2026-07-01T00:00:00Z', 0],
])('clocks of %s at %s are %s hours ahead', (zone, time, hours) =>
  expect(openZone(zone)?.offsetMs(at(time))).toBe(hours * hour),
);

describe('a local time', () => {
  const zone = openZone('Europe/Berlin');
  test.each([
    ['that is shown once', '2026-07-01T12:00Z', '2026-07-01T10:00Z', '2026-07-01T10:00Z'],
    ['that is leapt over', '2026-03-29T02:30Z', '2026-03-29T01:30Z', '2026-03-29T01:30Z'],
    ['that is shown twice', '2026-10-25T02:30Z', '2026-10-25T00:30Z', '2026-10-25T01:30Z'],
  ])('%s', (_, local, first, last) => expect(zone?.momentsOf(at(local))).toEqual({ first: at(first), last: at(last) }));

  test('of moments all over a year is found again', () => {
    for (const name of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
      const there = openZone(name);
      if (!there) throw new Error(name);
      for (let ms = at('2026-01-01T00:00:00Z'); ms < at('2027-01-01T00:00:00Z'); ms += 11 * 900_000) {
        const { first, last } = there.momentsOf(ms + there.offsetMs(ms));
        if (ms !== first && ms !== last) throw new Error(`${name} ${new Date(ms).toISOString()}`);
      }
    }
  });
});

test.each(['CET', 'Europe/Berlim', 'UTC+2', '+25:00', '', 'Berlin', '../etc'])('%j is no zone', (text) =>
  expect(openZone(text)).toBeUndefined(),
);

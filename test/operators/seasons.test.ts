import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type Seasoned, seasons } from '../../operators/seasons.js';
import { chance, normal } from '../chance.js';
import { run } from './harness.js';
import { laws } from './laws.js';

const wave = (t: number, period: number): number => Math.sin((2 * Math.PI * t) / period);
const hourMs = 3_600_000;

function events(rows: number, value: (t: number) => number): Event[] {
  return Array.from({ length: rows }, (_, t) => ({ key: 'k', timeMs: t * hourMs, values: [value(t)], offset: t }));
}
const found = (list: readonly Event[], memoryRows = 2048): number[][] =>
  run<Event & Seasoned>([seasons({ memoryRows, longestRows: 400 })], list).rows.map(({ periods }) => [...periods]);

test('a season is found while the stream is young, at a fixed row', () => {
  const random = chance(1);
  const rows = found(events(300, (t) => wave(t, 24) + 0.2 * normal(random)));
  expect(rows[126]).toEqual([]);
  expect(rows[127]).toEqual([24]);
});

test('another season takes its place once it was found twice', () => {
  const random = chance(2);
  const rows = found(
    events(8000, (t) => wave(t, t < 3000 ? 24 : 36) + 0.2 * normal(random)),
    1024,
  );
  expect(rows[3000]).toEqual([24]);
  const changed = rows.findIndex(([short]) => short === 36);
  expect(changed).toBeGreaterThan(4000);
  expect((changed + 1) % 1024).toBe(0);
  expect(rows.at(-1)).toEqual([36]);
});

test('a pause of the season does not forget it', () => {
  const random = chance(3);
  const rows = found(
    events(4000, (t) => (t < 2000 ? wave(t, 24) : 0) + 0.2 * normal(random)),
    512,
  );
  expect(rows.at(-1)).toEqual([24]);
});

test('missing values do not hide it', () => {
  const random = chance(4);
  const list = events(1100, (t) => (t % 5 === 2 ? Number.NaN : wave(t, 24) + 0.2 * normal(random)));
  expect(found(list).at(-1)).toEqual([24]);
});

test('rows share one array while nothing changes', () => {
  const { rows } = run<Event & Seasoned>(
    [seasons()],
    events(400, (t) => wave(t, 24)),
  );
  expect(rows[399].periods).toBe(rows[300].periods);
});

test('wrong options are named', () => {
  expect(() => seasons({ memoryRows: 10 })).toThrow('seasons.memoryRows: expected a whole number of at least 128');
});

describe('laws', () =>
  laws(
    () => seasons({ memoryRows: 256, longestRows: 100 }),
    events(300, (t) => wave(t, 12) + 0.01 * t),
  ));

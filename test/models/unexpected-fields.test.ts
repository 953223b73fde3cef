import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { normalize } from '../../operators/normalize.js';
import { type Remembered, remember } from '../../operators/remember.js';
import { run } from '../operators/harness.js';

/** Hourly: the value follows the hour; `twist` changes one of the last days. */
function rowsOf(twist: (event: Event, hour: number) => Event, days = 90): readonly (Event & Remembered)[] {
  const events = Array.from({ length: days * 24 }, (_, t): Event => {
    const hour = t % 24;
    const event = {
      key: 'k',
      timeMs: Date.UTC(2026, 0, 5) + t * 3_600_000,
      offset: t,
      values: [[0, 40, 10, 30][hour >> 3 === 2 ? 3 : hour % 3]],
    };
    return t >= (days - 1) * 24 ? twist(event, hour) : event;
  });
  return run<Event & Remembered>(
    [
      normalize(),
      remember({
        memory: 'htm',
        horizons: [1],
        encoders: [{ encode: 'scalar', of: 'load' }, { encode: 'time-of-day' }],
      }),
    ],
    events,
    { shard: { name: 's', channels: ['load'] }, cuts: [256] },
  ).rows;
}
const strange = (rows: readonly (Event & Remembered)[], hour: number) =>
  rows[rows.length - 24 + hour].prediction.unexpected ?? [];

describe('unexpected fields', () => {
  test('a wrong value is told as one, with the value that had been expected', () => {
    const [first] = strange(
      rowsOf((event, hour) => (hour === 4 ? { ...event, values: [0] } : event)),
      4,
    );
    expect(first.field).toBe('load');
    expect(first.share).toBeGreaterThan(0.5);
    expect(Math.abs(Number(first.instead) - 40)).toBeLessThan(8);
  });
  test('a wrong time of day is told as one', () => {
    const shifted = rowsOf((event) => ({ ...event, timeMs: event.timeMs + 9 * 3_600_000 }));
    const [first] = strange(shifted, 0);
    expect(first.field).toBe('time of day');
    expect(first.share).toBeGreaterThan(0.5);
  });
  test('an expected row tells nothing', () => {
    expect(
      strange(
        rowsOf((event) => event),
        4,
      ),
    ).toEqual([]);
  });
});

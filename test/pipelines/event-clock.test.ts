import { expect, test } from 'vitest';
import { anewMs, EventClock } from '../../pipelines/event-clock.js';

const minute = 60_000;
function after(times: readonly number[]): number {
  const clock = new EventClock();
  for (const timeMs of times) clock.see(timeMs);
  return clock.nowMs;
}

test('time is the newest of any row, whatever comes late', () => {
  expect(after([])).toBe(Number.NEGATIVE_INFINITY);
  expect(after([minute, 5 * minute, 2 * minute])).toBe(5 * minute);
});

test('a hundred rows in a row that lie an hour before it take it back, fewer do not', () => {
  const late = (rows: number) => Array.from({ length: rows }, (_, i) => i);
  const [start, far] = [anewMs - 1, 10 * anewMs] as const;
  expect(after([far, ...late(99)])).toBe(far);
  expect(after([far, ...late(99), far, ...late(99)])).toBe(far);
  expect(after([far, ...late(100)])).toBe(99);
  expect(after([far, ...late(100), start])).toBe(start);
});

test('one row that leaps more than a day ahead is not believed, two in a row are', () => {
  const [day, far] = [24 * anewMs, 1000 * anewMs];
  expect(after([0, far, minute])).toBe(minute);
  expect(after([0, far, minute, far, 2 * minute])).toBe(2 * minute);
  expect(after([0, far, far - minute])).toBe(far - minute);
  expect(after([0, day])).toBe(day);
  expect(after([far])).toBe(far);
});

import { expect, test } from 'vitest';
import { commonClockLayout, commonStepMs, tickCommon } from '../../../operators/evidence/common-clock.js';
import { rowOf } from './row.js';

const minute = 60_000;

/** Ticks of so many keys at each moment; the clock. */
function ticked(keys: number, moments: number, timeOf = (moment: number) => 1e12 + moment * minute) {
  const clock = rowOf(commonClockLayout);
  for (let moment = 0; moment < moments; moment++) {
    for (let key = 0; key < keys; key++) tickCommon(clock, timeOf(moment));
  }
  return clock;
}

test.each([1, 7, 1000, 5000])(
  '%i keys that report every minute are so many rows a minute, in each of its rows',
  (keys) => {
    expect(commonStepMs(ticked(keys, 30))).toBeCloseTo(minute / keys, 6);
  },
);

test('nothing is known before time has passed', () => {
  expect(commonStepMs(ticked(1000, 1))).toBe(0);
  expect(commonStepMs(ticked(1, 2))).toBe(minute);
});

test('a pause of a year counts no more than a hundred moments, and is forgotten', () => {
  const year = 365 * 86_400_000;
  const paused = (after: number) =>
    commonStepMs(ticked(20, 500 + after, (m) => 1e12 + m * minute + (m < 500 ? 0 : year)));
  expect(paused(1)).toBeLessThan(4 * (minute / 20));
  expect(paused(1)).toBeGreaterThan(2 * (minute / 20));
  expect(paused(500)).toBeCloseTo(minute / 20, 0);
});

test('late rows are rows and turn no clock back', () => {
  const clock = ticked(2, 50);
  tickCommon(clock, 1e12 - 3_600_000);
  tickCommon(clock, 1e12 + 50 * minute);
  expect(commonStepMs(clock)).toBeGreaterThan(0.98 * (minute / 2.1));
  expect(commonStepMs(clock)).toBeLessThan(minute / 2);
});

test('twice as many keys are soon seen', () => {
  const clock = ticked(20, 200);
  for (let moment = 200; moment < 400; moment++) {
    for (let key = 0; key < 40; key++) tickCommon(clock, 1e12 + moment * minute);
  }
  expect(Math.abs(commonStepMs(clock) / (minute / 40) - 1)).toBeLessThan(0.02);
});

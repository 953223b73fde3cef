import { expect, test } from 'vitest';
import {
  anySaid,
  excused,
  excuseOf,
  fade,
  feedbackLayout,
  hear,
  judgeAlarms,
  noteAlarm,
  withHeard,
} from '../../../operators/evidence/feedback.js';
import { rowOf } from './row.js';

const spike = { channel: 1, kind: 0 };
const level = { channel: 1, kind: 1 };

test('what is expected must be rarer to alarm, others need not, and what is real may be a little commoner', () => {
  const own = rowOf(feedbackLayout);
  noteAlarm(own, 1000, spike);
  noteAlarm(own, 5000, level);
  expect(anySaid(own)).toBe(false);
  judgeAlarms(own, 900, 1100, true);
  expect([excuseOf(own, spike), excuseOf(own, level)]).toEqual([2, 0]);
  judgeAlarms(own, 900, 1100, true);
  judgeAlarms(own, 4000, 6000, false);
  expect([excuseOf(own, spike), excuseOf(own, level)]).toEqual([4, -1]);
  expect(excused(1e-4, 2)).toBeCloseTo(1e-4 * Math.exp(2), 12);
  judgeAlarms(own, 900, 1100, false);
  expect(excuseOf(own, spike)).toBe(0);
});

test('a stretch without alarms says nothing, and what was said fades', () => {
  const own = rowOf(feedbackLayout);
  noteAlarm(own, 1000, spike);
  judgeAlarms(own, 2000, 3000, true);
  expect(anySaid(own)).toBe(false);
  judgeAlarms(own, 0, 3000, true);
  for (let i = 0; i < 50_000; i++) fade(own);
  expect(excuseOf(own, spike)).toBeCloseTo(2 * Math.exp(-1), 2);
});

const mark = (startMs: number, endMs: number, verdict: 'expected' | 'real') => ({
  ...{ key: 'k', verdict, startMs, endMs, offset: 9 },
});
const kinds = (kind: number): string | undefined => ['value', 'level'][kind];

test('a mark says which alarms it was about and what they must be now, and the next row of the key tells of it once', () => {
  const own = rowOf(feedbackLayout);
  noteAlarm(own, 1000, spike);
  noteAlarm(own, 1100, spike);
  noteAlarm(own, 1200, level);
  expect(hear(own, mark(900, 1300, 'expected'), ['flow'], kinds)).toEqual({
    alarms: 3,
    bars: [
      { channel: 'flow', kind: 'value', nats: 2 },
      { channel: 'flow', kind: 'level', nats: 2 },
    ],
  });
  expect(hear(own, mark(5000, 6000, 'real'), ['flow'], kinds)).toEqual({ alarms: 0, bars: [] });
  const row: { values: number[]; filled?: boolean } = { values: [1] };
  expect(withHeard(own, { ...row, filled: true })).not.toHaveProperty('marks');
  expect(withHeard(own, row)).toEqual({
    values: [1],
    marks: [
      { verdict: 'expected', startMs: 900, endMs: 1300, alarms: 3, nats: 2 },
      { verdict: 'real', startMs: 5000, endMs: 6000, alarms: 0 },
    ],
  });
  expect(row).not.toHaveProperty('marks');
  expect(withHeard(own, row)).toBe(row);
});

test('of more marks than are kept between two rows the last are told, and all are taken in', () => {
  const own = rowOf(feedbackLayout);
  noteAlarm(own, 1000, spike);
  for (let i = 0; i < 7; i++) hear(own, mark(i, 2000, 'expected'), ['flow'], kinds);
  expect(excuseOf(own, spike)).toBe(10);
  const { marks } = withHeard(own, {}) as { marks?: { startMs: number }[] };
  expect(marks?.map(({ startMs }) => startMs)).toEqual([3, 4, 5, 6]);
});

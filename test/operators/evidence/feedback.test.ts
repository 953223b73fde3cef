import { expect, test } from 'vitest';
import {
  anySaid,
  excused,
  excuseOf,
  fade,
  feedbackLayout,
  judgeAlarms,
  noteAlarm,
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

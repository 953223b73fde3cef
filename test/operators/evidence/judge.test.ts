import { expect, test } from 'vitest';
import { JudgeOf, judgeLayout } from '../../../operators/evidence/judge.js';
import { chance, normal } from '../harness.js';
import { rowOf } from './row.js';

const rate = 1 / 2000;

test('noise alarms about as often as allowed once it is known, and a broken pair of channels alarms', () => {
  const z = normal(chance(8));
  const own = rowOf(judgeLayout(2));
  const judges = new JudgeOf(2, 10_000);
  let alarms = 0;
  for (let i = 0; i < 40_000; i++) {
    const common = z();
    const values = [common + 0.1 * z(), common + 0.1 * z()];
    const { alarm } = judges.judge(own, { values, tail: [0.5, 0.5], expected: [0, 0] }, rate);
    if (alarm && i >= 5000) alarms++;
  }
  expect(alarms).toBeLessThan(40);
  const after = Array.from({ length: 200 }, () => {
    const common = z();
    return judges.judge(own, { values: [common, -common], tail: [0.5, 0.5], expected: [0, 0] }, rate);
  });
  expect(after.some(({ abnormal }) => abnormal)).toBe(true);
});

test('an alarm scores below its budget, and nothing is said while the rate is 0', () => {
  const own = rowOf(judgeLayout(1));
  const judges = new JudgeOf(1, 10_000);
  const z = normal(chance(1));
  const row = (value: number) => ({ values: [value], tail: [0.5], expected: [0] });
  for (let i = 0; i < 1000; i++) judges.judge(own, row(z()), rate);
  expect(judges.judge(own, row(100), 0)).toEqual({ score: 1, alarm: false, abnormal: false });
  const verdict = judges.judge(own, row(1000), rate);
  expect(verdict.alarm).toBe(true);
  expect(verdict.score).toBeLessThan(rate);
});

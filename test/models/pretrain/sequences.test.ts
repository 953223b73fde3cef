import { expect, test } from 'vitest';
import { inputs } from '../../../models/net-past.js';
import { batchOf, type Course, places, shuffled, split, splitTime } from '../../../models/pretrain/sequences.js';
import { randomOf } from '../../../models/random.js';

/** Rows whose first input and target say which they are. */
const courseOf = (rows: number, fromMs: number): Course => ({
  times: Float64Array.from({ length: rows }, (_, i) => fromMs + i),
  inputs: Float32Array.from({ length: rows * inputs }, (_, i) => (i % inputs === 0 ? i / inputs : 0)),
  targets: Float32Array.from({ length: rows * 2 }, (_, i) => i >> 1),
});

test('time parts what is learned from and what is judged by, for all series at once, targets included', () => {
  const [long, late] = [courseOf(100, 0), courseOf(40, 60)];
  const at = splitTime([long, late], 0.75);
  const far = 7;
  const { learn, judge } = split([long, late], at, far);
  for (const { times } of judge) for (const time of times) expect(time).toBeGreaterThanOrEqual(at);
  for (const { times } of learn) for (const time of times) expect(time + far).toBeLessThan(at);
  expect(learn[0].times.length + far + judge[0].times.length).toBe(100);
  expect(judge[0].inputs[0]).toBe(at);
  expect(judge[0].targets[0]).toBe(at);
});

test('stretches adjoin, begin by chance, never leave their course, and become batches', () => {
  const courses = [courseOf(50, 0), courseOf(5, 0), courseOf(16, 0)];
  expect(places(courses, 16).map(({ row }) => row)).toEqual([0, 16, 32, 0]);
  const random = randomOf(1);
  const starts = Array.from({ length: 30 }, () => places(courses, 16, random)[0].row);
  expect(new Set(starts).size).toBeGreaterThan(8);
  expect(Math.max(...starts)).toBeLessThan(16);
  const batch = batchOf(places(courses, 16).slice(1, 3), 16);
  expect([batch.count, batch.inputs.length, batch.targets.length]).toEqual([2, 2 * 16 * inputs, 2 * 16 * 2]);
  expect([batch.inputs[0], batch.inputs[16 * inputs], batch.targets[32]]).toEqual([16, 32, 32]);
});

test('chance is that of its seed, and loses nothing', () => {
  const list = Array.from({ length: 20 }, (_, i) => i);
  const [one, same] = [shuffled(list, randomOf(4)), shuffled(list, randomOf(4))];
  expect(one).toEqual(same);
  expect(one).not.toEqual(list);
  expect([...one].sort((a, b) => a - b)).toEqual(list);
});

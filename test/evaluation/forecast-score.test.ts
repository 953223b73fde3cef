import { expect, test } from 'vitest';
import type { Recorder } from '../../evaluation/benchmark.js';
import { ForecastScore, pointStep } from '../../evaluation/forecast-score.js';
import { keyedStreamOf, streamOf } from '../../evaluation/stream.js';

const series = {
  name: 's',
  channels: ['a', 'b'],
  rows: Array.from({ length: 10 }, (_, row) => ({ timeMs: row, values: [row, 100 * row] })),
};

test('a forecast made at row t for h rows ahead is compared with row t + h, of the same channel', () => {
  const stream = streamOf(series, [1, 3]);
  const recorded: unknown[][] = [];
  const recorder: Recorder = { forecast: (...row) => void recorded.push(row), score() {} };
  const score = new ForecastScore(stream, [{ steps: [3], from: 2, to: 3 }], recorder);
  for (let row = 0; row < 10; row++) score.see(row, pointStep(Float64Array.of(-1, row + 3, -1, 100 * (row + 3) + 1)));
  expect(score.errors[0].count).toBe(4);
  expect(score.errors[0].mae).toBe(0.5);
  expect(recorded).toEqual([
    ['s', 2, 3, 'a', 5, 5],
    ['s', 2, 3, 'b', 500, 501],
    ['s', 3, 3, 'a', 6, 6],
    ['s', 3, 3, 'b', 600, 601],
  ]);
});

test('a key per channel keeps rows apart', () => {
  const stream = keyedStreamOf(series, [2]);
  expect(stream.rows.slice(0, 3).map(({ key, values }) => [key, ...values])).toEqual([
    ['a', 0],
    ['b', 0],
    ['a', 1],
  ]);
  const score = new ForecastScore(stream, [{ steps: [2], from: 0, to: 7 }]);
  stream.rows.forEach(({ key, values }, row) => {
    score.see(row, pointStep(Float64Array.of(values[0] + (key === 'a' ? 2 : 200))));
  });
  expect(score.errors[0].count).toBe(16);
  expect(score.errors[0].mae).toBe(0);
});

test('spans are judged apart, and a step that nobody forecasts is refused', () => {
  const stream = streamOf(series, [1, 2]);
  const score = new ForecastScore(stream, [
    { steps: [1], from: 0, to: 8 },
    { steps: [1, 2], from: 0, to: 7 },
  ]);
  for (let row = 0; row < 10; row++) score.see(row, pointStep(new Float64Array(4)));
  expect(score.errors.map(({ count }) => count)).toEqual([18, 32]);
  expect(() => new ForecastScore(stream, [{ steps: [5], from: 0, to: 1 }])).toThrow(
    'step 5 is scored but not forecast',
  );
});

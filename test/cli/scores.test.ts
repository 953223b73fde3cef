import { expect, test } from 'vitest';
import { errorLines, scoresIn } from '../../cli/scores.js';
import { evaluate } from '../../operators/evaluate.js';
import { Lane } from '../../pipelines/lane.js';
import { resultOf } from './results.js';

test('the forecasts first, then the best of each kind of simple forecaster', () => {
  const members = ['last', 'naive-short', 'naive-long', 'lags', 'knn'];
  const stage = evaluate({ levels: [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99], memory: 'default' });
  const lane = new Lane([stage], { name: 'log', channels: ['value'], horizons: [1, 3], members });
  const rows = Array.from({ length: 20 }, (_, i) => {
    const row = resultOf(i, { values: [100] });
    // Off by 5, 9, 2, 3 and 1, at both horizons.
    const parts = [105, 109, 102, 103, 101].flatMap((mean) => [mean, mean]);
    return {
      ...row,
      prediction: {
        surprise: 0,
        mean: row.forecast.mean,
        spread: row.forecast.mean,
        members: Float64Array.from(parts),
      },
    };
  });
  lane.push({ shard: 'log', rows, rejects: [], next: 20 });
  const lines = errorLines([scoresIn(lane.save())]);
  expect(lines.map(({ horizon, forecaster, mae }) => [horizon, forecaster, mae])).toEqual([
    [1, 'default', 1],
    [1, 'persistence', 5],
    [1, 'seasonal naive', 2],
    [1, 'online least squares', 3],
    [3, 'default', 3],
    [3, 'persistence', 5],
    [3, 'seasonal naive', 2],
    [3, 'online least squares', 3],
  ]);
  expect(lines[0]).toMatchObject({ wape: 0.01, coverage: [1, 1, 1] });
  // Of one value the ranked score is the absolute error.
  expect(lines[1]).toMatchObject({ crps: 5, coverage: null });
  lane.close();
});
test('a pipeline without an evaluate step has none', () => expect(errorLines([scoresIn({})])).toEqual([]));

import { expect, test } from 'vitest';
import { verdictLines } from '../../cli/inspect-verdict.js';

const pipeline = JSON.stringify({ stages: [{ normalize: {} }, { detect: { warmupRows: 100 } }] });
const column = (path: string, numbers: number[]) => ({ path, numbers, of: 'f64' as const, length: 1, parts: [] });

test('warm-up is a countdown, and an overdrawn budget is told', () => {
  expect(verdictLines('detect', pipeline, [column('rows', [57]), column('bar.overdrawn', [0])])).toEqual([
    '  warming up: 57 rows seen, 43 more until the first alarm can come',
    '  budget not overdrawn',
  ]);
  expect(verdictLines('detect', pipeline, [column('rows', [5700]), column('bar.overdrawn', [Math.log(3)])])).toEqual([
    '  judged: warm-up over, 5,700 rows seen',
    '  budget overdrawn: an alarm must be 3 times as rare as the budget asks',
  ]);
});

test('of the other detector the warm-up is told, as it has no budget', () => {
  const settings = JSON.stringify({ stages: [{ 'htm-detect': { warmupRows: 300 } }, { episode: {} }] });
  expect(verdictLines('htm-detect', settings, [column('rows', [120])])).toEqual([
    '  warming up: 120 rows seen, 180 more until the first alarm can come',
  ]);
});

test('the last anomalies of a key are told, and other steps say nothing', () => {
  const columns = [
    column('card.past', [2]),
    column('card.pastStartMs', [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 5), 0]),
  ];
  expect(verdictLines('episode', pipeline, columns)).toEqual([
    '  anomalies before: 2, the last at 2024-01-05T00:00:00.000Z, 2024-01-01T00:00:00.000Z',
  ]);
  expect(verdictLines('episode', pipeline, [])).toEqual(['  anomalies before: 0']);
  expect(verdictLines('normalize', pipeline, columns)).toEqual([]);
});

import { expect, test } from 'vitest';
import { numbersAt } from '../../cli/inspect-key.js';
import { verdictLines } from '../../cli/inspect-verdict.js';
import { type Detected, detect, type EvidenceName, type Judged } from '../../operators/detect.js';
import { savedRows, type Table } from '../../state/arrow.js';
import { chance, events, normal, run } from '../operators/harness.js';
import { tailOf } from '../operators/tail.js';

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

/** What is said of the state that a detector really has after such values, and its last row. */
function said(evidence: EvidenceName, values: readonly number[]): { lines: string[]; last: Detected } {
  const rows = events(values).map((event) => ({ ...event, tail: [tailOf(event.values[0] as number)], expected: [0] }));
  const { rows: out, saved } = run<Detected, Judged>([detect({ evidence })], rows, { cuts: [500] });
  const { columns: all } = savedRows(saved[0]?.rows as Table);
  const columns = all.map((saved) => ({ ...saved, numbers: numbersAt(saved, 0) }));
  return { lines: verdictLines('detect', pipeline, columns), last: out.at(-1) as Detected };
}

test.each(['surprise', 'all', 'conformal'] as const)(
  'of the state of %s: an overdrawn budget, and the countdown of results',
  (evidence) => {
    const z = normal(chance(3));
    const calm = Array.from({ length: 3000 }, () => z());
    expect(said(evidence, [...calm, ...Array.from({ length: 4 }, () => 40 + z())]).lines).toEqual([
      '  judged: warm-up over, 3,004 rows seen',
      expect.stringMatching(/^ {2}budget overdrawn: an alarm must be [1-9][\d.]* times as rare as the budget asks$/),
    ]);
    const { lines, last } = said(evidence, calm.slice(0, 60));
    expect(last.warmup).toBe(evidence === 'conformal' ? 1405 : 40);
    expect(lines).toEqual([
      evidence === 'conformal'
        ? '  warming up: 60 rows seen, 1,405 more until a row that is strange alone can alarm'
        : '  warming up: 60 rows seen, 40 more until the first alarm can come',
      '  budget not overdrawn',
    ]);
  },
);

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

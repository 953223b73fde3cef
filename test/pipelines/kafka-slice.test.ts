import { expect, test } from 'vitest';
import { RecordDecoder } from '../../connectors/kafka/decode.js';
import type { KafkaRecord } from '../../connectors/kafka/record.js';
import type { Batch, Event } from '../../event.js';
import { batchesOf, type Slice, sliceOf } from '../../pipelines/kafka-slice.js';

/** A value of comma-separated numbers is as many rows. */
const decoder = new RecordDecoder(
  {
    name: 'many',
    fields: (value) => [Number(value)],
    rows: (value) =>
      String(value)
        .split(',')
        .map((one) => [one === 'x' ? 'x' : Number(one)]),
  },
  { values: ['v'] },
  'in-0',
);
const record = (offset: number, value: string | null, headers: KafkaRecord['headers'] = {}): KafkaRecord => ({
  ...{ offset, key: Buffer.from('k'), value: value === null ? null : Buffer.from(value), headers, timestampMs: 1 },
});
const mark = { 'engram-mark': 'real' };
const log = [
  record(0, '1'),
  record(1, '2,3,4'),
  record(2, 'x'),
  record(5, '{"startMs":0,"endMs":1}', mark),
  record(6, '5'),
  record(7, null),
  record(8, '6,7'),
  record(9, '8'),
];
const slices = (most: number, border = Number.POSITIVE_INFINITY): Slice[] => {
  const all: Slice[] = [];
  for (let at = 0; at < log.length; at += all[all.length - 1].records.length) {
    all.push(sliceOf(decoder, 'in-0', log, at, most, border));
  }
  return all;
};
const offsets = (all: readonly Slice[]): number[][] => all.map(({ records }) => records.map(({ offset }) => offset));

test('a slice begins with a mark, ends with a tombstone, and does not cross the border to live', () => {
  expect(offsets(slices(100))).toEqual([
    [0, 1, 2],
    [5, 6, 7],
    [8, 9],
  ]);
  expect(offsets(slices(100, 2))).toEqual([[0, 1], [2], [5, 6, 7], [8, 9]]);
  const [first, second] = slices(100);
  expect(first.rejects).toMatchObject([{ offset: 2, stage: 'decode', raw: 'x' }]);
  expect([second.marks.length, second.forget]).toEqual([1, [{ key: 'k', offset: 7 }]]);
});

test('it takes no further record once it has its rows', () => {
  expect(offsets(slices(2))).toEqual([[0, 1], [2], [5, 6], [7], [8], [9]]);
  expect(slices(2)[0].rows.map(({ values }) => values[0])).toEqual([1, 2, 3, 4]);
});

test('as batches of few rows nothing is lost or out of order, and only the last one reaches the next offset', () => {
  for (const most of [1, 2, 3, 100]) {
    for (const slice of slices(100)) {
      const made: Batch<Event>[] = [...batchesOf('in-0', slice, 99, most)];
      expect(made.flatMap(({ rows }) => rows)).toEqual(slice.rows);
      expect(made.flatMap(({ rejects }) => rejects)).toEqual(slice.rejects);
      expect(made.every(({ rows }) => rows.length <= most)).toBe(true);
      expect(made.map(({ next }) => next === 99)).toEqual(made.map((_, i) => i === made.length - 1));
      for (const { next, rows, rejects } of made) {
        for (const { offset } of [...rows, ...rejects]) expect(offset).toBeLessThan(next);
      }
      expect(made.flatMap(({ forget = [] }) => forget)).toEqual(slice.forget.map(({ key }) => key));
      expect(made[0].marks ?? []).toEqual(slice.marks);
    }
  }
});

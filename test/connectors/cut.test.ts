import { expect, test } from 'vitest';
import { cutBatch } from '../../connectors/cut.js';
import type { Batch, Event } from '../../event.js';

test('what lies before the cut goes with the first part, marks too; what ends the batch with the second', () => {
  const event = (offset: number): Event => ({ key: 'k', timeMs: offset, values: [0], offset });
  const reject = (offset: number) => ({ shard: 's', offset, stage: 'decode', reason: 'x', message: '' });
  const record = (offset: number) => ({ offset, key: null, value: null, headers: {}, timestampMs: 0 });
  const mark = { key: 'k', verdict: 'real', startMs: 0, endMs: 1, offset: 0 } as const;
  const batch: Batch<Event> = {
    ...{ shard: 's', rows: [event(0), event(2)], rejects: [reject(1), reject(3)], next: 5 },
    ...{ records: [0, 1, 2, 3].map(record), lines: [2, 9], marks: [mark], forget: ['k'], ends: true },
  };
  const [first, second] = cutBatch(batch, 1, 2);
  expect(first).toEqual({
    ...{ shard: 's', rows: [event(0)], rejects: [reject(1)], next: 2 },
    ...{ records: [record(0), record(1)], lines: [2], marks: [mark] },
  });
  expect(second).toEqual({
    ...{ shard: 's', rows: [event(2)], rejects: [reject(3)], next: 5 },
    ...{ records: [record(2), record(3)], lines: [9], forget: ['k'], ends: true },
  });
});

import { firstValueFrom, from, lastValueFrom, Subject, take, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import type { Event, Reject } from '../../event.js';
import { remember } from '../../operators/remember.js';
import { reorder } from '../../operators/reorder.js';
import { onEvents } from '../../pipelines/on-events.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { arena } from '../../state/arena.js';

const memory = pipeline('x').through(remember({ memory: 'last-value', horizons: [1] }));
const event = (offset: number, value: number, timeMs = offset * 1000): Event => ({
  key: 'k',
  timeMs,
  values: [value],
  offset,
});
const channels = ['a'];

test('every event gives its row, typed by the last step', async () => {
  const rows = await lastValueFrom(from([event(0, 3), event(1, 5)]).pipe(onEvents(memory, { channels }), toArray()));
  expect(rows.map(({ prediction }) => prediction.mean[0])).toEqual([3, 5]);
});

test('every subscription begins with an empty memory, and gives it back', async () => {
  const before = arena.usedBytes;
  const events = from([event(0, 3), event(1, 5)]).pipe(onEvents(memory, { channels }));
  const [first, second] = [await firstValueFrom(events), await firstValueFrom(events)];
  expect(second).toEqual(first);
  await lastValueFrom(events.pipe(take(1)));
  expect(arena.usedBytes).toBe(before);
});

test('what waits is let go at the end', async () => {
  const late = pipeline('x').through(reorder({ latenessMs: 5000 }));
  const rows = await lastValueFrom(
    from([event(0, 1, 2000), event(1, 2, 1000)]).pipe(onEvents(late, { channels }), toArray()),
  );
  expect(rows.map(({ values }) => values[0])).toEqual([2, 1]);
});

test('refused rows are told, or end the stream', async () => {
  const strict = pipeline('x').through(reorder());
  const rejects: Reject[] = [];
  const events = [event(0, 1, 2000), event(1, 2, 1000)];
  const told = from(events).pipe(onEvents(strict, { channels, onReject: (reject) => rejects.push(reject) }), toArray());
  expect(await lastValueFrom(told)).toHaveLength(1);
  expect(rejects).toMatchObject([{ offset: 1, reason: 'late', stage: 'reorder' }]);
  await expect(lastValueFrom(from(events).pipe(onEvents(strict, { channels })))).rejects.toThrow(
    'reorder refused the row at offset 1',
  );
});

test('errors of the source pass through', async () => {
  const source = new Subject<Event>();
  const failed = lastValueFrom(source.pipe(onEvents(memory, { channels })));
  source.error(new Error('cable'));
  await expect(failed).rejects.toThrow('cable');
});

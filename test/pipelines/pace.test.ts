import { expect, test } from 'vitest';
import type { Batch, Event } from '../../event.js';
import { type Clock, pace, wallClock } from '../../pipelines/pace.js';

const event = (offset: number, timeMs: number): Event => ({ key: 'k', timeMs, values: [offset], offset });
const batch = (rows: Event[], next: number, ends = false): Batch<Event> => ({
  shard: 's',
  rows,
  rejects: [],
  next,
  ends,
});

/** A clock that only moves when somebody sleeps. */
function handTurned(): Clock & { slept: number[] } {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    nowMs: () => now,
    async sleep(ms) {
      slept.push(ms);
      now += ms;
    },
  };
}

async function* from(batches: Batch<Event>[]): AsyncIterable<Batch<Event>> {
  yield* batches;
}

test('events pass when they are due, at the speed that was asked for', async () => {
  const clock = handTurned();
  const passed: [number, number[]][] = [];
  const rows = [event(0, 1000), event(1, 1000), event(2, 7000), event(3, 13_000)];
  for await (const { rows: due } of pace(from([batch(rows, 4, true)]), 60, clock, new AbortController().signal)) {
    passed.push([clock.nowMs(), due.map(({ offset }) => offset)]);
  }
  expect(passed).toEqual([
    [0, [0, 1]],
    [100, [2]],
    [200, [3]],
  ]);
});

test('cut batches say where to go on, and the end is told once', async () => {
  const cut: Batch<Event>[] = [];
  const batches = [batch([event(0, 0), event(5, 1000)], 9), batch([event(9, 2000)], 10, true)];
  for await (const part of pace(from(batches), 1, handTurned(), new AbortController().signal)) cut.push(part);
  expect(cut.map(({ next, ends }) => [next, ends ?? false])).toEqual([
    [5, false],
    [9, false],
    [10, true],
  ]);
});

test('rejects, records and lines go with the rows they lie among, so that none is lost where it was cut', async () => {
  const reject = { shard: 's', offset: 1, stage: 'decode', reason: 'x', message: '' };
  const record = (offset: number) => ({ offset, key: null, value: null, headers: {}, timestampMs: 0 });
  const given = {
    ...batch([event(0, 0), event(2, 1000)], 3, true),
    rejects: [reject, { ...reject, offset: 2 }],
    records: [0, 1, 2].map(record),
    lines: [2, 5],
  };
  const cut: Batch<Event>[] = [];
  for await (const part of pace(from([given]), 1, handTurned(), new AbortController().signal)) cut.push(part);
  expect(
    cut.map(({ rows, rejects, records, lines, next }) => [
      ...[rows, rejects, records ?? []].map((all) => all.map(({ offset }) => offset)),
      ...[lines, next],
    ]),
  ).toEqual([
    [[0], [1], [0, 1], [2], 2],
    [[2], [2], [2], [5], 3],
  ]);
});

test('a stop wakes a sleeper and lets nothing more through', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  const seen: number[] = [];
  for await (const { rows } of pace(
    from([batch([event(0, 0), event(1, 3_600_000)], 2, true)]),
    1,
    wallClock,
    stop.signal,
  )) {
    seen.push(...rows.map(({ offset }) => offset));
  }
  expect(seen).toEqual([0]);
});

import { expect, test } from 'vitest';
import type { Anomaly, Event } from '../../event.js';
import { keyed, type Nothing, type Stage } from '../../operators/stage.js';
import { arena } from '../../state/arena.js';
import { f64 } from '../../state/layout.js';
import { events, run } from './harness.js';

/** Counts the rows of a key and of the shard; says goodbye at the end. */
const counting = (version = '1', limit = 3, whenFull: 'reject' | 'evict' = 'evict'): Stage<Event, string> =>
  keyed('count', { version }, () => ({
    id: 'count',
    version,
    keys: { limit, whenFull },
    shared: { all: f64() },
    layout: { own: f64() },
    init: (shared) => void shared.all.fill(100),
    initKey: (_, own) => void own.own.fill(10),
    step(shared, own, row: Event, out) {
      out.emit(`${row.key} ${++own.own[0]} of ${++shared.all[0]}`);
    },
    finish: (_, own, key, out, why) => out.emit(`${key} ${why} after ${own.own[0]}`),
  }));

const list = (keys: string): Event[] => [...keys].map((key, offset) => ({ key, timeMs: offset, values: [0], offset }));

test('shared and own rows are prepared once and go on through restarts', () => {
  for (const restart of [false, true]) {
    const { rows } = run<string>([counting()], list('aba'), { restart, ends: false });
    expect(rows).toEqual(['a 11 of 101', 'b 11 of 102', 'a 12 of 103']);
  }
});

test('the key unseen for longest makes room, says goodbye, and begins afresh', () => {
  for (const restart of [false, true]) {
    const { rows } = run<string>([counting('1', 2)], list('abacb'), { restart, ends: false });
    expect(rows).toEqual([
      'a 11 of 101',
      'b 11 of 102',
      'a 12 of 103',
      'b evicted after 11',
      'c 11 of 104',
      'a evicted after 12',
      'b 11 of 105',
    ]);
  }
});

test('the end lets every key say goodbye, in the order of last use', () => {
  expect(run<string>([counting()], list('aba')).rows.slice(3)).toEqual(['b ends after 11', 'a ends after 12']);
});

test('a flood of keys is refused row by row', () => {
  const { rows, rejects } = run<string>([counting('1', 2, 'reject')], list('abcdea'), { ends: false });
  expect(rows).toHaveLength(3);
  expect(rejects.map(({ offset, reason }) => [offset, reason])).toEqual(
    [2, 3, 4].map((offset) => [offset, 'too-many-keys']),
  );
  expect(rejects[0].message).toContain('expected at most 2 keys, "c" is one more');
});

test('state of another version is refused with both', () => {
  const { saved } = run([counting('1')], list('a'));
  expect(() => counting('2').open({ name: 'log-0', channels: ['a'] }, saved[0])).toThrow(
    /expected count, version 2[\s\S]*found count, version 1/,
  );
});

test('what is refused leaves no memory taken', () => {
  const { saved } = run([counting('1')], list('a'));
  const before = arena.usedBytes;
  const { shared: _, ...half } = saved[0];
  expect(() => counting('1').open({ name: 'log-0', channels: ['a'] }, half)).toThrow('expected a table "shared"');
  expect(arena.usedBytes).toBe(before);
});

test('an error in a step ends the stream with it', () => {
  const broken: Stage<Event, never> = keyed('broken', {}, () => ({
    id: 'broken',
    version: '1',
    shared: {},
    layout: {},
    step() {
      throw new Error('boom');
    },
  }));
  expect(() => run([broken], events([1]))).toThrow('boom');
});

test('rows of different keys are taken at once, up to a key that comes again or one that is forgotten', () => {
  const runs: string[] = [];
  const counted = (many: boolean): Stage<Event, string> =>
    keyed<Nothing, { own: ReturnType<typeof f64> }, Event, string>('count', {}, () => {
      const say = (own: { own: Float64Array }, { key }: Event) => `${key} ${++own.own[0]}`;
      return {
        id: 'count',
        version: '1',
        keys: { limit: 3, whenFull: 'evict' as const },
        shared: {},
        layout: { own: f64() },
        step: (_, own, row: Event, out) => out.emit(say(own, row)),
        finish: (_, own, key, out, why) => out.emit(`${key} ${why} after ${own.own[0]}`),
        ...(many && {
          stepMany(_, owns, rows) {
            runs.push(rows.map(({ key }) => key).join(''));
            return rows.map((row, i) => say(owns[i], row));
          },
        }),
      };
    });
  const of = (many: boolean, cuts: number[]) => run<string>([counted(many)], list('abcabbdca'), { cuts }).rows;
  expect(of(true, [9])).toEqual(of(false, [9]));
  expect(runs).toEqual(['a', 'b', 'cab', 'b', 'd', 'c', 'a']);
  expect(of(true, [2, 3])).toEqual(of(false, [1]));
});

test('a change of an anomaly is heard after the rows of its event and before the next, and a mark before the row of its place, however they are cut', () => {
  const said = (key: string): Anomaly => ({ key }) as Anomaly;
  const telling: Stage<Event, Event> = keyed('tell', {}, () => ({
    id: 'tell',
    version: '1',
    shared: {},
    layout: {},
    step(_, __, row: Event, out) {
      if (row.offset % 2 === 0) out.anomaly(said(row.key), row.offset > 0);
      out.emit(row);
    },
  }));
  const hearing: Stage<Event, string> = keyed('hear', {}, () => ({
    id: 'hear',
    version: '1',
    shared: {},
    layout: { heard: f64() },
    note: (_, own) => void own.heard[0]++,
    mark: (_, own) => {
      own.heard[0] += 100;
      return { alarms: own.heard[0], bars: [{ channel: 'flow', nats: 2 }] };
    },
    step: (_, own, row: Event, out) => out.emit(`${row.offset} heard ${own.heard[0]}`),
  }));
  const mark = { key: 'a', verdict: 'real', startMs: 0, endMs: 1, offset: 4 } as const;
  const strange = { ...mark, key: 'b' };
  for (const cuts of [[1], [2], [6]]) {
    const marks = [mark, strange];
    const { rows, anomalies, heard } = run<string>([telling, hearing], list('aaaaaa'), { cuts, marks });
    // What became of each is told with its batch; a key that the step does not know has nothing.
    expect(heard).toEqual([
      { mark, stage: 'hear', known: true, alarms: 102, bars: [{ channel: 'flow', nats: 2 }] },
      { mark: strange, stage: 'hear', known: false, alarms: 0, bars: [] },
    ]);
    expect(rows).toEqual(['0 heard 0', '1 heard 1', '2 heard 1', '3 heard 2', '4 heard 102', '5 heard 103']);
    expect(anomalies).toHaveLength(2);
  }
});

test('anomalies that two steps tell of come in the order of what caused them, however the log is cut', () => {
  const telling = (id: string, every: number): Stage<Event, Event> =>
    keyed(id, {}, () => ({
      id,
      version: '1',
      shared: {},
      layout: {},
      step(_, __, row: Event, out) {
        if (row.offset % every === 0) out.anomaly({ id: `${id} ${row.offset}`, key: row.key } as Anomaly);
        out.emit(row);
      },
    }));
  const orders = [[1], [2, 3], [9]].map((cuts) =>
    run<Event>([telling('first', 2), telling('second', 3)], list('aaaaaaaaa'), { cuts }).anomalies.map(({ id }) => id),
  );
  expect(orders[0]).toEqual([
    'first 0',
    'second 0',
    'first 2',
    'second 3',
    'first 4',
    'first 6',
    'second 6',
    'first 8',
  ]);
  expect(orders[1]).toEqual(orders[0]);
  expect(orders[2]).toEqual(orders[0]);
});

import { map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Batch, Event } from '../../event.js';
import { keyed, type Nothing, type Stage } from '../../operators/stage.js';
import { tableOf } from '../../state/arrow.js';
import { f64 } from '../../state/layout.js';
import { difference, laws } from './laws.js';
import { disturbedStream } from './stream.js';

const shard = { name: 'log-0', channels: ['flow', 'load'] };
const events = disturbedStream();
type Said = Event & { said: number };

/** A sound step: the running sum of a key, kept in its row. */
const sound = (): Stage<Event, Said> =>
  keyed('sum', {}, () => ({
    id: 'sum',
    version: '1',
    shared: {},
    layout: { sum: f64() },
    step(_, own, row: Event, out) {
      own.sum[0] += row.values[0] || 0;
      out.emit({ ...row, said: own.sum[0] });
    },
  }));

/** A step of one batch function, with what it saves. */
function loose(make: () => { take: (batch: Batch<Event>) => Batch<Said>; saved?: () => number[] }): Stage<Event, Said> {
  return {
    id: 'loose',
    settings: {},
    open() {
      const { take, saved = () => [0] } = make();
      return { operator: map(take), save: () => ({ rows: tableOf({ x: Uint32Array.from(saved()) }, {}) }), close() {} };
    },
  };
}

const each = (batch: Batch<Event>, say: (row: Event, i: number) => number): Batch<Said> => ({
  ...batch,
  rows: batch.rows.map((row, i) => ({ ...row, said: say(row, i) })),
});

/** Faults that somebody might build in, each with the law that must find it. */
const faults: Record<keyof typeof laws & string, () => Stage<Event, Said>> = {
  repetition: () => loose(() => ({ take: (batch) => each(batch, () => Math.random()) })),
  cutting: () => loose(() => ({ take: (batch) => each(batch, (_, i) => i) })),
  crashing: () => {
    let seen = 0;
    return loose(() => {
      seen = 0;
      return { take: (batch) => each(batch, () => seen++) };
    });
  },
  future: () => loose(() => ({ take: (batch) => each(batch, (_, i) => batch.rows[i + 2]?.values[0] ?? 0) })),
  neighbours: () =>
    keyed<{ sum: ReturnType<typeof f64> }, Nothing, Event, Said>('sum', {}, () => ({
      id: 'sum',
      version: '1',
      shared: { sum: f64() },
      layout: {},
      step(shared, _, row, out) {
        shared.sum[0] += row.values[0] || 0;
        out.emit({ ...row, said: shared.sum[0] });
      },
    })),
  boundedState: () =>
    loose(() => {
      const log: number[] = [0];
      return { take: (batch) => each(batch, (row) => log.push(row.offset)), saved: () => log };
    }),
};

describe('every law bites', () => {
  test('there is a fault for every law', () => expect(Object.keys(faults)).toEqual(Object.keys(laws)));
  test.each(Object.entries(laws))('%s', (name, law) => {
    expect(law({ make: () => [sound()], events, shard }), 'a sound step keeps it').toBeUndefined();
    expect(law({ make: () => [faults[name]()], events, shard }), 'the planted fault is found').toBeTypeOf('string');
  });
});

test('texts are compared to where they part, and nothing but texts', () => {
  expect(difference('x', 'one', 'one')).toBeUndefined();
  expect(difference('x', 'one', 'one more')).toBe('x: expected …one… got …one more…');
  expect(difference('x', 'one more', 'one')).toBe('x: expected …one more… got …one…');
  for (const wrong of [undefined, 5, ['a']] as unknown as string[]) {
    expect(() => difference('x', 'one', wrong)).toThrow('x: expected text to compare, got');
    expect(() => difference('x', wrong, wrong)).toThrow('x: expected text to compare, got');
  }
});

import { filter, map } from 'rxjs';
import { expect, test } from 'vitest';
import type { Batch, Event } from '../../event.js';
import { remember } from '../../operators/remember.js';
import type { Stage } from '../../operators/stage.js';
import { Lane } from '../../pipelines/lane.js';
import { arena } from '../../state/arena.js';
import { decode, encode } from '../../state/arrow.js';

const shard = { name: 's', channels: ['a'] };
const memory = () => remember({ memory: 'last-value', horizons: [1, 2] });
const batch = (values: number[], first = 0): Batch<Event> => ({
  shard: 's',
  rows: values.map((value, i) => ({ key: 'k', timeMs: first + i, values: [value], offset: first + i })),
  rejects: [],
  next: first + values.length,
});

/** A stage made of one function. */
const stage = (id: string, take: (batch: Batch<unknown>) => Batch<unknown>): Stage<unknown, unknown> => ({
  id,
  settings: {},
  open: () => ({ operator: map(take), save: () => ({}), close() {} }),
});

test('a batch in, a batch out, and the state goes on in another lane', () => {
  const one = new Lane<{ prediction: { mean: Float64Array } }>([memory()], shard);
  expect(one.push(batch([3, 4])).rows.map(({ prediction }) => prediction.mean[0])).toEqual([3, 4]);
  const saved = Object.fromEntries(
    Object.entries(one.save()).map(([id, bundle]) => [
      id,
      Object.fromEntries(Object.entries(bundle).map(([name, table]) => [name, decode(encode(table))])),
    ]),
  );
  const whole = new Lane([memory()], shard);
  whole.push(batch([3, 4]));
  const two = new Lane([memory()], shard, saved);
  expect(two.push(batch([5], 2))).toEqual(whole.push(batch([5], 2)));
});

test('what a step throws is thrown from push, and the lane is of no more use', () => {
  const lane = new Lane(
    [
      stage('bad', () => {
        throw new Error('out of cheese');
      }),
    ],
    shard,
  );
  expect(() => lane.push(batch([1]))).toThrow('out of cheese');
  expect(() => lane.push(batch([1]))).toThrow('out of cheese');
});

test('a step that swallows a batch is found out', () => {
  const silent: Stage<unknown, unknown> = {
    id: 'silent',
    settings: {},
    open: () => ({ operator: filter(() => false), save: () => ({}), close() {} }),
  };
  expect(() => new Lane([silent], shard).push(batch([1]))).toThrow('every step must answer each batch with one');
});

test('steps are told what those before them tell', () => {
  let told: unknown;
  const listener: Stage<unknown, unknown> = {
    ...stage('listener', (b) => b),
    open(at) {
      told = at;
      return stage('x', (b) => b).open(at);
    },
  };
  new Lane([memory(), listener], shard).close();
  expect(told).toEqual({ ...shard, horizons: [1, 2], members: [] });
});

test('a closed lane has given its memory back', () => {
  const before = arena.usedBytes;
  const lane = new Lane([memory()], shard);
  lane.push(batch([1, 2, 3]));
  expect(arena.usedBytes).toBeGreaterThan(before);
  lane.close();
  expect(arena.usedBytes).toBe(before);
});

import { describe, expect, test } from 'vitest';
import type { Event } from '../../event.js';
import { type Remembered, remember } from '../../operators/remember.js';
import { events, run } from './harness.js';
import { laws } from './laws.js';

const memory = (horizons: readonly number[]) => remember({ memory: 'last-value', horizons });

test('the next row is always forecast, and horizons come in order, each once', () => {
  const { rows } = run<Event & Remembered>([memory([5, 3, 5])], events([2, 4]));
  expect(rows[1].horizons).toEqual([1, 3, 5]);
  expect([...rows[1].prediction.mean]).toEqual([4, 4, 4]);
});

test('every key has a memory of its own', () => {
  const list = [...events([1, 2], 'a'), ...events([10, 20], 'b')].map((event, offset) => ({ ...event, offset }));
  const { rows } = run<Event & Remembered>([memory([1])], list);
  expect(rows.map(({ key, prediction }) => [key, prediction.mean[0]])).toEqual([
    ['a', 1],
    ['a', 2],
    ['b', 10],
    ['b', 20],
  ]);
});

test('keys beyond the limit are refused and the known ones go on', () => {
  const list = ['a', 'b', 'c', 'a'].map((key, offset) => ({ key, timeMs: offset, values: [offset], offset }));
  const two = remember({ memory: 'last-value', horizons: [1], keys: { limit: 2, whenFull: 'reject' } });
  const { rows, rejects } = run<Event & Remembered>([two], list);
  expect(rows.map(({ key }) => key)).toEqual(['a', 'b', 'a']);
  expect(rejects).toMatchObject([{ offset: 2, stage: 'remember', reason: 'too-many-keys' }]);
});

test('the parts of a mixture are named and told', () => {
  const { rows } = run<Event & Remembered>([remember({ memory: 'default', horizons: [1, 2] })], events([1, 2, 3]));
  const { members, prediction } = rows[2];
  expect(new Set(members).size).toBe(members.length);
  expect(prediction.members).toHaveLength(members.length * 2);
  const at = members.findIndex((name) => name.startsWith('last')) * 2;
  expect([...(prediction.members ?? []).slice(at, at + 2)]).toEqual([3, 3]);
});

test('the HTM in a mixture sees what encoders say, the other parts see what they always do', () => {
  const list = events(Array.from({ length: 60 }, (_, t) => [t % 6, (t * 7) % 5]));
  const [usual, one] = [undefined, [{ encode: 'scalar', of: 'speed' } as const]].map(
    (encoders) =>
      run<Event & Remembered>(
        [remember({ memory: 'default-htm', horizons: [1], ...(encoders && { encoders }) })],
        list,
        {
          shard: { name: 's', channels: ['speed', 'load'] },
          cuts: [60],
        },
      ).rows,
  );
  const parts = (rows: typeof one) => rows.map(({ prediction }) => [...(prediction.members as Float64Array)]);
  expect(parts(one).map((all) => all.slice(0, -2))).toEqual(parts(usual).map((all) => all.slice(0, -2)));
  expect(parts(one).map((all) => all.slice(-2))).not.toEqual(parts(usual).map((all) => all.slice(-2)));
  const wrong = remember({ memory: 'default-htm', horizons: [1], encoders: [{ encode: 'scalar', of: 'sped' }] });
  expect(() => run([wrong], list, { shard: { name: 's', channels: ['speed', 'load'] } })).toThrow(
    'remember.encoders[0]: expected a channel ("speed", "load"), got "sped"',
  );
});

test('no head by its name is what there is without it: a state of one opens for the other', () => {
  const [bare, named] = [{}, { head: 'none' as const }].map((head) =>
    remember<Event>({ memory: 'htm-small', horizons: [1], ...head }),
  );
  expect(named.settings).toEqual(bare.settings);
  const list = events([1, 2, 3, 1, 2, 3]);
  const half = run<Event & Remembered>([named], list.slice(0, 3), { ends: false });
  const rest = run<Event & Remembered>([bare], list.slice(3), { saved: half.saved });
  expect(rest.rows).toEqual(run<Event & Remembered>([bare], list).rows.slice(3));
});

test.each([
  [{ memory: 'knn', horizons: [1], pooler: { inhibition: 'local' } }, 'remember.pooler: expected a memory of patterns'],
  [{ memory: 'htm', horizons: [1], pooler: { inhibition: 'lokal' } }, 'remember.pooler.inhibition: expected'],
  [{ memory: 'htm', horizons: [1], pooler: { boost: 3 } }, 'remember.pooler.boost: expected one of the options'],
  [
    { memory: 'default-htm', horizons: [1], words: {} },
    'remember.words: expected a memory of patterns (htm, htm-small)',
  ],
  [{ memory: 'last-value', horizons: [0] }, 'remember.horizons: expected a whole number of at least 1'],
  [{ memory: 'last-value', horizons: [2000] }, 'at most 1024, got 2000'],
  [{ memory: 'last-value', horizons: [1.5] }, 'got 1.5'],
  [{ memory: 'lstm', horizons: [1], seed: -1 }, 'remember.seed: expected a whole number of at least 0'],
  [
    { memory: 'lstm', horizons: [1], head: 'gausian' },
    'remember.head: expected one of gaussian, density, quantile, none for lstm, got "gausian"',
  ],
  [{ memory: 'default-htm', horizons: [1], head: 'classifier' }, 'got "classifier", which only htm and htm-small have'],
  [
    { memory: 'rls', horizons: [1], weights: 'shared' },
    'a net (lstm, mingru, minlstm, ssm) for shared weights, got rls',
  ],
  [
    { memory: 'lstm', horizons: [1], weights: 'all' },
    'remember.weights: expected own, shared or what engram pretrain made, got "all"',
  ],
  [{ memory: 'last-value', horizons: [1], hurizons: [1] }, 'remember.hurizons: expected one of the options'],
])('%o is refused', (options, message) => {
  expect(() => remember(options as Parameters<typeof remember>[0])).toThrow(message);
});

describe('laws', () => laws(() => memory([1, 4]), events(Array.from({ length: 300 }, (_, t) => (t * 37) % 101))));

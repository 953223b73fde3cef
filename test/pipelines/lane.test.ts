import { filter, map } from 'rxjs';
import { expect, test } from 'vitest';
import type { Batch, Event } from '../../event.js';
import { align } from '../../operators/align.js';
import { remember } from '../../operators/remember.js';
import { reorder } from '../../operators/reorder.js';
import type { Stage } from '../../operators/stage.js';
import { Lane } from '../../pipelines/lane.js';
import { shipped } from '../../pipelines/shipped.js';
import { pipelineOf } from '../../pipelines/spec.js';
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
  const named = { name: 'last-value', version: '2' };
  expect(told).toEqual({ ...shard, keysMax: 10_000, horizons: [1, 2], members: [], memory: named });
});

test('a closed lane has given its memory back', () => {
  const before = arena.usedBytes;
  const lane = new Lane([memory()], shard);
  lane.push(batch([1, 2, 3]));
  expect(arena.usedBytes).toBeGreaterThan(before);
  lane.close();
  expect(arena.usedBytes).toBe(before);
});

test('rejects come in the order of what caused them, however the log is cut', () => {
  const steps = () => [
    reorder({ latenessMs: 50 }),
    align({ stepMs: 10, collide: 'first' }),
    remember({ memory: 'last-value', horizons: [1] }),
  ];
  const events = Array.from({ length: 200 }, (_, offset): Event => {
    const late = offset % 9 === 5 ? 400 : offset % 7 === 3 ? 20 : 0;
    return { key: 'k', timeMs: 1e6 + offset * 8 - late, values: [offset], offset };
  });
  const decodes = events.filter(({ offset }) => offset % 13 === 4);
  const rejectsOf = (size: number): string[] => {
    const lane = new Lane(steps(), shard);
    const said: string[] = [];
    for (let from = 0; from < events.length; from += size) {
      const part = events.slice(from, from + size);
      const bad = part.filter((event) => decodes.includes(event));
      const rows = part.filter((event) => !decodes.includes(event));
      const rejects = bad.map(({ offset }) => ({ shard: 's', offset, stage: 'decode', reason: 'bad', message: '' }));
      const ends = from + size >= events.length;
      const made = lane.push({ shard: 's', rows, rejects, next: from + part.length, ends });
      said.push(...made.rejects.map(({ stage, offset, held }) => `${stage} ${offset} ${held}`));
      expect(made).not.toHaveProperty('causes');
    }
    lane.close();
    return said;
  };
  const whole = rejectsOf(1000);
  expect(new Set(whole.map((line) => line.split(' ')[0]))).toEqual(new Set(['decode', 'reorder', 'align']));
  expect(whole.filter((line) => line.endsWith('true')).length).toBeGreaterThan(0);
  for (const size of [1, 2, 7, 64]) expect(rejectsOf(size)).toEqual(whole);
});

test('as many keys as fit are held, the others refused, and the known ones go on', () => {
  const lane = new Lane<Event>(pipelineOf(shipped['sensor-anomaly']).stages, shard, undefined, { stateBytes: 8e6 });
  const flood = (first: number): Batch<Event> => ({
    shard: 's',
    rows: Array.from({ length: 40 }, (_, i) => ({ key: `k${i}`, timeMs: first + i, values: [1], offset: first + i })),
    rejects: [],
    next: first + 40,
  });
  const [one, two] = [lane.push(flood(0)), lane.push(flood(40))];
  expect(one.rows.length).toBeGreaterThan(2);
  expect(one.rejects).toHaveLength(40 - one.rows.length);
  expect(one.rejects[0].reason).toBe('too-many-keys');
  expect(two.rows.map(({ key }) => key)).toEqual(one.rows.map(({ key }) => key));
  lane.close();
});

test('limits that do not fit are refused before the first row, with the sum', () => {
  const roomy = remember({ memory: 'default', horizons: [1], keys: { limit: 100_000, whenFull: 'reject' } });
  expect(() => new Lane([roomy], shard)).toThrow(
    /budget.stateBytes: expected the keys to fit .*remember default: [\d,]+ bytes a key x 100,000 keys = [\d.]+ GB/,
  );
});

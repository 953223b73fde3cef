import { afterEach, expect, test } from 'vitest';
import { remember } from '../../operators/remember.js';
import { checkBudget, claim, keysThatFit } from '../../pipelines/budget.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { arena } from '../../state/arena.js';

const shard = { name: 's', channels: ['a'] };
const before = arena.limitBytes;
afterEach(() => {
  arena.limitBytes = before;
});
const lstm = (limit: number) =>
  remember({ memory: 'lstm', horizons: [1], keys: { limit, whenFull: 'reject' as const } });

test('keys that do not fit the process are refused with the sum', () => {
  expect(() => keysThatFit([lstm(100_000)], shard, { stateBytes: 2 ** 31 })).toThrow(
    /nine tenths of the budget of 2 GiB, they take 32\.9 GB \(remember lstm: 328,648 bytes a key x 100,000 keys = 32\.9 GB\)/,
  );
  expect(keysThatFit([lstm(1000)], shard, { stateBytes: 2 ** 31 })).toBeGreaterThan(0);
});

test('a key that takes more than its budget is refused with the parts', () => {
  expect(() => keysThatFit([lstm(1)], shard, { keyBytes: 65_536 })).toThrow(
    /budget.keyBytes: expected a key to take at most 65,536 bytes, it takes 328,648 \(remember lstm 328,648\)/,
  );
  const shared = remember({ memory: 'lstm', horizons: [1], weights: 'shared' });
  expect(keysThatFit([shared], shard, { keyBytes: 2048, stateBytes: 30e6 })).toBe(10_000);
});

test('more memory holds more keys by default', () => {
  const free = [remember({ memory: 'lstm', horizons: [1] })];
  const [some, more] = [100e6, 200e6].map((stateBytes) => keysThatFit(free, shard, { stateBytes }));
  expect(more / some).toBeCloseTo(2, 1);
});

test('the limit of the process is what a budget says, as far as addresses reach', () => {
  expect(claim()).toBe(before);
  expect(claim({ stateBytes: 3e9 })).toBe(3e9);
  expect(arena.limitBytes).toBe(3e9);
  expect(() => claim({ stateBytes: 2 ** 33 })).toThrow('state limit: expected a whole number of bytes up to');
});

test('a pipeline carries its budget, what is named later wins', () => {
  const made = pipeline('x').within({ stateBytes: 5, keyBytes: 4 }).through(lstm(1)).within({ keyBytes: 3 });
  expect(made.budget).toEqual({ stateBytes: 5, keyBytes: 3 });
  expect(() => checkBudget({ keyBytes: 0 })).toThrow('budget.keyBytes: expected a whole number of at least 1');
  expect(() => checkBudget({ keyByte: 1 } as object)).toThrow('budget.keyByte: expected one of the options');
});
